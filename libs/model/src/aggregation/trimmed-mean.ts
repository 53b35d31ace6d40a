import { z } from 'zod';
import { overFiniteRows } from './over-rows.ts';
import { fromSortedColumns } from './sorted-columns.ts';
import { defineCombining } from './strategy.ts';

/**
 * The mean of every coordinate without its `trim` smallest and `trim` largest values; fewer are trimmed where none would be left.
 * Yin et al., ICML 2018.
 */
export const trimmedMean = defineCombining({
  name: 'trimmed-mean',
  summary: 'The mean of every coordinate without its extremes.',
  source: 'Yin et al., ICML 2018',
  parameters: z.strictObject({ trim: z.int().nonnegative().default(1) }),
  create: ({ trim }) => ({
    init: () => ({}),
    combine: (given, memory) =>
      overFiniteRows(given, memory, (rows) => {
        const cut = Math.min(trim, (rows.length - 1) >> 1);
        const left = rows.length - 2 * cut;
        return fromSortedColumns(rows, (ascending) => {
          let sum = 0;
          for (let k = cut; k < cut + left; k++) sum += ascending[k]!;
          return sum / left;
        });
      }),
  }),
});
