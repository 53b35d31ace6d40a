import { z } from 'zod';
import { kernels } from '../kernel/index.ts';
import { overFiniteRows } from './over-rows.ts';
import { defineCombining } from './strategy.ts';

/** The median of every coordinate; of an even count the mean of the two middle values. Yin et al., ICML 2018. */
export const median = defineCombining({
  name: 'median',
  summary: 'The median of every coordinate.',
  source: 'Yin et al., ICML 2018',
  parameters: z.strictObject({}),
  create: () => ({
    init: () => ({}),
    combine: (given, memory) => overFiniteRows(given, memory, (rows) => kernels().medians(rows)),
  }),
});
