import { z } from 'zod';
import { overDescent } from './descent.ts';
import { borderedSolve } from './solve/index.ts';
import { defineWeighing } from './strategy.ts';

/** w with Gw = t·n and Σw = 1: v has the same projection t on every gradient's direction. Weights, and t, may be negative. */
export const imtlG = defineWeighing({
  name: 'imtl-g',
  summary: "A direction with equal projections on every task's gradient.",
  source: 'Liu et al., ICLR 2021',
  needs: 'gramian',
  parameters: z.strictObject({}),
  create: () => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, ({ cosines, norms }) => {
        const inverse = norms.map((norm) => 1 / norm);
        return borderedSolve(cosines, inverse)?.solution.map((y, k) => y * inverse[k]!);
      }),
  }),
});
