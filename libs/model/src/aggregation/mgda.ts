import { z } from 'zod';
import { overDescent } from './descent.ts';
import { minNormPoint } from './solve/index.ts';
import { defineWeighing, type StrategyInput } from './strategy.ts';

/** α = argmin ‖Σ α_k g_k / c_k‖² over the simplex, c by `normalise`; the weights α then act on the rows as they are. */
export const mgda = defineWeighing({
  name: 'mgda',
  summary: 'The shortest convex combination of the gradients: the steepest descent for the task that gains least.',
  source: 'Désidéri, Comptes Rendus Mathématique 2012; Sener & Koltun, NeurIPS 2018',
  needs: 'gramian',
  parameters: z.strictObject({ normalise: z.enum(['none', 'l2', 'loss', 'loss-l2']).default('none') }),
  create: ({ normalise }) => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, ({ cosines, norms }, usable) => {
        const losses = lossesOf(usable);
        const lengths = {
          none: norms,
          l2: norms.map(() => 1),
          loss: norms.map((norm, k) => norm / losses[k]!),
          'loss-l2': losses.map((loss) => 1 / loss),
        };
        return minNormPoint(cosines, lengths[normalise]).solution;
      }),
  }),
});

/** A loss that cannot divide (zero, negative, not finite) leaves its row as it is. */
function lossesOf({ losses }: StrategyInput): Float64Array {
  return losses.map((loss) => (loss > 0 && Number.isFinite(1 / loss) && loss < Infinity ? loss : 1));
}
