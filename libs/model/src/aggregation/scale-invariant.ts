import { z } from 'zod';
import { overLosses } from './over-losses.ts';
import { positiveLosses } from './positive.ts';
import { defineWeighing } from './strategy.ts';

/** The gradient of Σ log L_k: w_k = 1 / L_k. Multiplying a loss by a constant changes nothing. */
export const scaleInvariant = defineWeighing({
  name: 'scale-invariant',
  summary: 'The gradient of the sum of log losses.',
  source: 'baseline SI in Navon et al., ICML 2022',
  needs: 'gramian',
  parameters: z.strictObject({}),
  create: () => ({
    init: () => ({}),
    weigh: (given, memory) =>
      overLosses(given, memory, ({ losses }, state) => ({
        weights: positiveLosses(losses).map((loss) => 1 / loss),
        state,
      })),
  }),
});
