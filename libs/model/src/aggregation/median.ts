import { z } from 'zod';
import { overFiniteRows } from './over-rows.ts';
import { fromSortedColumns } from './sorted-columns.ts';
import { defineCombining } from './strategy.ts';

/** The median of every coordinate; of an even count the mean of the two middle values. Yin et al., ICML 2018. */
export const median = defineCombining({
  name: 'median',
  summary: 'The median of every coordinate.',
  source: 'Yin et al., ICML 2018',
  parameters: z.strictObject({}),
  create: () => ({
    init: () => ({}),
    combine: (given, memory) =>
      overFiniteRows(given, memory, (rows) => {
        const lower = (rows.length - 1) >> 1;
        const upper = rows.length >> 1;
        return fromSortedColumns(rows, (ascending) => (ascending[lower]! + ascending[upper]!) / 2);
      }),
  }),
});
