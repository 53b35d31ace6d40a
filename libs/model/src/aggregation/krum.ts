import { z } from 'zod';
import { addScaled } from './combine.ts';
import { overFiniteRows } from './over-rows.ts';
import { squaredDistances } from './squared-distances.ts';
import { defineCombining } from './strategy.ts';

/**
 * The mean of the `m` rows that lie closest to the others: a row's score is the sum of its squared distances to its n − f − 2 nearest
 * others (at least one), ties go to the lower index. Blanchard et al., NeurIPS 2017.
 */
export const krum = defineCombining({
  name: 'krum',
  summary: 'The mean of the rows closest to the others; tolerates f bad ones.',
  source: 'Blanchard et al., NeurIPS 2017',
  parameters: z.strictObject({
    f: z.int().nonnegative().default(0),
    m: z.int().positive().default(1),
  }),
  create: ({ f, m }) => ({
    init: () => ({}),
    combine: (given, memory) =>
      overFiniteRows(given, memory, (rows) => {
        const count = rows.length;
        const squares = squaredDistances(rows);
        const near = Math.max(1, count - f - 2);
        const scores = rows.map((_, k) => {
          const others = squares.slice(k * count, (k + 1) * count).filter((_square, j) => j !== k);
          return others
            .sort()
            .slice(0, near)
            .reduce((sum, square) => sum + square, 0);
        });
        const chosen = scores.map((score, k) => ({ score, k })).sort((a, b) => a.score - b.score || a.k - b.k);
        const share = 1 / Math.min(m, count);
        const sum = new Float64Array(rows[0]!.length);
        for (const { k } of chosen.slice(0, m)) addScaled(sum, rows[k]!, share);
        return sum;
      }),
  }),
});
