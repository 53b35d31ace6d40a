import { z } from 'zod';
import { overDescent } from './descent.ts';
import { powerBalance } from './solve/index.ts';
import { defineWeighing } from './strategy.ts';

/** α > 0 with Gα = 1/α: the Nash bargaining point, ‖v‖² = K exactly, then shortened to `maxNorm` (0: as it is). */
export const nashMtl = defineWeighing({
  name: 'nash-mtl',
  summary: 'The bargaining solution: the sum of the logarithms of the gains is largest; losses may have any scale.',
  source: 'Navon et al., ICML 2022',
  needs: 'gramian',
  parameters: z.strictObject({ maxNorm: z.number().nonnegative().default(1) }),
  create: ({ maxNorm }) => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, ({ cosines, norms, count }) => {
        const { solution } = powerBalance(cosines, new Float64Array(count).fill(1), 1);
        const shorter = maxNorm > 0 ? Math.min(1, maxNorm / Math.sqrt(count)) : 1;
        return solution.map((y, k) => (shorter * y) / norms[k]!);
      }),
  }),
});
