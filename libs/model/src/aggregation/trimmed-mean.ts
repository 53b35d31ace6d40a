import { z } from 'zod';
import { kernels } from '../kernel/index.ts';
import { overFiniteRows } from './over-rows.ts';
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
      overFiniteRows(given, memory, (rows) => kernels().trimmedMeans(rows, Math.min(trim, (rows.length - 1) >> 1))),
  }),
});
