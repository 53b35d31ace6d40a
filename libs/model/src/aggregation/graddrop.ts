import { z } from 'zod';
import { overRows } from './over-rows.ts';
import { defineCombining } from './strategy.ts';

/**
 * Every coordinate keeps the entries of one sign only: the positive ones with probability P = ½(1 + Σ g_k / Σ |g_k|), else the negative
 * ones; of a dropped entry the share `leak` stays. A sum. One `random.uniform()` a coordinate, in order. Chen et al.,
 * NeurIPS 2020.
 */
export const graddrop = defineCombining({
  name: 'graddrop',
  summary: 'Each coordinate keeps the gradients of one sign, drawn at random.',
  source: 'Chen et al., NeurIPS 2020',
  parameters: z.strictObject({ leak: z.number().min(0).max(1).default(0) }),
  create: ({ leak }) => ({
    init: () => ({}),
    combine: (given, memory) =>
      overRows(given, memory, ({ random }, rows, state) => {
        const sum = new Float64Array(rows[0]!.length);
        for (let i = 0; i < sum.length; i++) {
          let positive = 0;
          let negative = 0;
          for (const row of rows) {
            if (row[i]! > 0) positive += row[i]!;
            else negative += row[i]!;
          }
          const drawn = random.uniform();
          // P = positive / (positive − negative), without the cancellation of the sum.
          const chance = positive / (positive - negative);
          const [kept, dropped] = chance > drawn ? [positive, negative] : [negative, positive];
          sum[i] = kept + leak * dropped;
        }
        return { sum, state };
      }),
  }),
});
