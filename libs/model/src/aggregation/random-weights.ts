import { z } from 'zod';
import { softmax } from './softmax.ts';
import { defineWeighing } from './strategy.ts';
import { overUsable } from './usable.ts';

/** w = softmax(ξ), ξ ~ N(0, I) anew each round: one `random.normal()` a usable task, in order. Σw = 1. Lin et al., TMLR 2022. */
export const randomWeights = defineWeighing({
  name: 'random-weights',
  summary: 'Weights drawn anew each round from the softmax of a normal.',
  source: 'Lin et al., TMLR 2022',
  needs: 'gramian',
  parameters: z.strictObject({}),
  create: () => ({
    init: () => ({}),
    weigh: (given, memory) =>
      overUsable(given, memory, ({ tasks, random }, state) => ({
        weights: softmax(tasks.map(() => random.normal())),
        state: { ...state, stationary: false },
      })),
  }),
});
