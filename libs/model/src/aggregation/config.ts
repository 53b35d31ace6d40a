import { z } from 'zod';
import { overDescent } from './descent.ts';
import { dot, times } from './solve/dense.ts';
import { pseudoSolve } from './solve/index.ts';
import { defineWeighing } from './strategy.ts';

/** x = U⁺1 over unit rows, v = (Σ g_k·x̂) x̂: equal cosines with every gradient, as long as the gradients' projections on it together. */
export const config = defineWeighing({
  name: 'config',
  summary: "A direction at the same angle to every task's gradient, as long as their projections on it together.",
  source: 'Liu et al., ICLR 2025 (ConFIG)',
  needs: 'gramian',
  parameters: z.strictObject({}),
  create: () => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, ({ cosines, norms, count }) => {
        const { solution } = pseudoSolve(cosines, new Float64Array(count).fill(1));
        const projections = times(cosines, solution);
        const squared = dot(solution, projections);
        const length = dot(norms, projections) / squared;
        return solution.map((y, k) => (length * y) / norms[k]!);
      }),
  }),
});
