import { z } from 'zod';
import { overDescent } from './descent.ts';
import { bestWorstCase } from './solve/index.ts';
import { dot, times } from './solve/dense.ts';
import { defineWeighing } from './strategy.ts';

/** v = the point of the ball of radius c‖g₀‖ around the mean gradient g₀ whose smallest g_k·v is largest; `rescale` 1 divides it by 1 + c², 2 by 1 + c. */
export const cagrad = defineWeighing({
  name: 'cagrad',
  summary: 'Near the mean gradient, the direction that helps the task that gains least the most.',
  source: 'Liu et al., NeurIPS 2021',
  needs: 'gramian',
  parameters: z.strictObject({
    c: z.number().nonnegative().default(0.4),
    rescale: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
  }),
  create: ({ c, rescale }) => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, ({ cosines, norms, count }) => {
        const divisor = [1, 1 + c * c, 1 + c][rescale]!;
        const mean = norms.map((norm) => norm / count);
        const centre = times(cosines, mean);
        const radius = c * Math.sqrt(Math.max(0, dot(mean, centre)));
        if (radius === 0) return mean.map(() => 1 / count / divisor);
        const best = bestWorstCase({ cosines, norms, centre, radius });
        return best?.solution.map((y, k) => (1 / count + (radius * y) / norms[k]!) / divisor);
      }),
  }),
});
