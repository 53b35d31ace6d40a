import { z } from 'zod';
import { overDescent } from './descent.ts';
import { regularised } from './regularised.ts';
import { projectOnDualCone } from './solve/index.ts';
import { defineWeighing } from './strategy.ts';

/** Each g_k/K is projected on the dual cone {x : Jx ≥ 0}; v is the sum: no conflict with any task, and linear in each gradient's scale. */
export const upgrad = defineWeighing({
  name: 'upgrad',
  summary: 'Projects each gradient on the directions that harm no task and takes the mean.',
  source: 'Quinton & Rey, arXiv 2024 (Jacobian descent)',
  needs: 'gramian',
  parameters: z.strictObject({ regularisation: z.number().nonnegative().default(0) }),
  create: ({ regularisation }) => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, (geometry) => {
        const { cosines, norms, count } = regularised(geometry, regularisation);
        const weights = new Float64Array(count);
        for (let k = 0; k < count; k++) {
          const lower = new Float64Array(count);
          lower[k] = 1;
          const { solution } = projectOnDualCone(cosines, lower);
          for (let j = 0; j < count; j++) weights[j]! += (solution[j]! / count) * (norms[k]! / norms[j]!);
        }
        return weights;
      }),
  }),
});
