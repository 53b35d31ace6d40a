import { z } from 'zod';
import { overDescent } from './descent.ts';
import { defineWeighing } from './strategy.ts';

/** Each gradient g_i, one after the other, loses its component along every g_j it conflicts with, j in an order drawn anew for each i; v is the sum. */
export const pcgrad = defineWeighing({
  name: 'pcgrad',
  summary: 'Projects each gradient off those it conflicts with and adds what is left.',
  source: 'Yu et al., NeurIPS 2020',
  needs: 'gramian',
  parameters: z.strictObject({}),
  create: () => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, ({ cosines, norms, count }, { random }) => {
        const weights = new Float64Array(count);
        for (let i = 0; i < count; i++) {
          const mix = new Float64Array(count);
          mix[i] = 1;
          for (const j of random.permutation(count)) {
            if (j === i) continue;
            let product = 0;
            for (let k = 0; k < count; k++) product += cosines[j * count + k]! * mix[k]!;
            if (product < 0) mix[j]! -= product;
          }
          // mix is over unit rows and starts from u_i: g_i = n_i u_i.
          for (let k = 0; k < count; k++) weights[k]! += mix[k]! * (norms[i]! / norms[k]!);
        }
        return weights;
      }),
  }),
});
