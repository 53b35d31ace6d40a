import { z } from 'zod';
import { overLosses } from './over-losses.ts';
import { positiveLosses } from './positive.ts';
import { defineWeighing } from './strategy.ts';

/**
 * The gradient of the losses' geometric mean L = (Π L_k)^{1/K}: w_k = L / (K L_k), by logarithms. Chennupati et al., CVPR
 * Workshops 2019.
 */
export const gls = defineWeighing({
  name: 'gls',
  summary: "The gradient of the losses' geometric mean.",
  source: 'Chennupati et al., CVPR Workshops 2019',
  needs: 'gramian',
  parameters: z.strictObject({}),
  create: () => ({
    init: () => ({}),
    weigh: (given, memory) =>
      overLosses(given, memory, ({ losses }, state) => {
        const logs = positiveLosses(losses).map(Math.log);
        const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
        return { weights: logs.map((log) => Math.exp(mean - log) / logs.length), state };
      }),
  }),
});
