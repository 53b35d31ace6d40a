import { z } from 'zod';
import { overDescent } from './descent.ts';
import { powerBalance } from './solve/index.ts';
import { defineWeighing } from './strategy.ts';

/** w > 0 with Gw = w^(−1/α): α-fair gains. α = 1 is the Nash bargaining point, α → ∞ the largest smallest gain. */
export const fairgrad = defineWeighing({
  name: 'fairgrad',
  summary: 'α-fair gains across tasks, from proportional fairness (α = 1) towards the largest smallest gain.',
  source: 'Ban & Ji, ICML 2024',
  needs: 'gramian',
  parameters: z.strictObject({ alpha: z.number().min(0.05).max(20).default(1) }),
  create: ({ alpha }) => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, ({ cosines, norms }) => {
        const power = 1 / alpha;
        // In y = nw the equation reads (Cy)_k = n_k^(1/α − 1) y_k^(−1/α); the largest norm is taken out to stay in range.
        const unit = Math.max(...norms);
        const factors = norms.map((norm) => (norm / unit) ** (power - 1));
        const { solution } = powerBalance(cosines, factors, power);
        const scale = unit ** ((power - 1) / (1 + power));
        return solution.map((y, k) => (y / norms[k]!) * scale);
      }),
  }),
});
