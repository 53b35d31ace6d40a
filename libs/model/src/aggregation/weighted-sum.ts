import { z } from 'zod';
import { recall } from './by-task.ts';
import { defineWeighing } from './strategy.ts';
import { finiteRows } from './present.ts';

/** w_k = λ_k, not renormalised: exactly the gradient of L = Σ λ_k L_k. With λ = 1 a plain sum. Zero rows count. */
export const weightedSum = defineWeighing({
  name: 'weighted-sum',
  summary: 'The gradient of the weighted sum of losses: w = λ.',
  source: 'linear scalarisation; Caruana, Machine Learning 1997',
  needs: 'sum',
  sumScale: () => 1,
  parameters: z.strictObject({ weights: z.record(z.string(), z.number().nonnegative()).default({}) }),
  create: ({ weights }) => ({
    init: () => ({}),
    weigh(input, state) {
      const present = finiteRows(input);
      return {
        weights: Float64Array.from(input.tasks, (task, k) => (present[k] ? (recall(weights, task) ?? 1) : 0)),
        state,
      };
    },
  }),
});
