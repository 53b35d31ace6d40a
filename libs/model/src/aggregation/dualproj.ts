import { z } from 'zod';
import { overDescent } from './descent.ts';
import { regularised } from './regularised.ts';
import { projectOnDualCone } from './solve/index.ts';
import { defineWeighing } from './strategy.ts';

/** The mean gradient projected on the dual cone {x : Jx ≥ 0}: w ≥ 1/K that minimises wᵀGw. */
export const dualproj = defineWeighing({
  name: 'dualproj',
  summary: 'Projects the mean gradient on the directions that harm no task.',
  source: 'Lopez-Paz & Ranzato, NeurIPS 2017 (GEM); Quinton & Rey, arXiv 2024',
  needs: 'gramian',
  parameters: z.strictObject({ regularisation: z.number().nonnegative().default(0) }),
  create: ({ regularisation }) => ({
    init: () => ({}),
    weigh: (input, state) =>
      overDescent(input, state, (geometry) => {
        const { cosines, norms, count } = regularised(geometry, regularisation);
        const { solution } = projectOnDualCone(
          cosines,
          norms.map((norm) => norm / count),
        );
        return solution.map((y, k) => y / norms[k]!);
      }),
  }),
});
