import { z } from 'zod';
import { recall } from './by-task.ts';
import { defineWeighing } from './strategy.ts';
import { finiteRows } from './present.ts';

/** w_k = λ_k / K over the K tasks that answered. Zero rows count as answers. */
export const mean = defineWeighing({
  name: 'mean',
  summary: 'The weighted sum divided by the number of tasks that answered.',
  source: 'linear scalarisation; Caruana, Machine Learning 1997',
  needs: 'sum',
  sumScale: (tasks) => 1 / tasks,
  parameters: z.strictObject({ weights: z.record(z.string(), z.number().nonnegative()).default({}) }),
  create: ({ weights }) => ({
    init: () => ({}),
    weigh(input, state) {
      const present = finiteRows(input);
      const count = present.filter(Boolean).length;
      return {
        weights: Float64Array.from(input.tasks, (task, k) => (present[k] ? (recall(weights, task) ?? 1) / count : 0)),
        state,
      };
    },
  }),
});
