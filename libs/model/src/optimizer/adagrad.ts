import { z } from 'zod';
import { adaptiveRule } from './adaptive-rule.ts';
import { defineOptimizer } from './optimizer.ts';

/**
 * v ← v + g²; θ ← θ − lr g / √(v + ε). As `tf.train.adagrad`: v starts at `initial` 0.1, and ε 1e-7 is inside the root. Duchi, Hazan
 * & Singer, JMLR 2011.
 */
export const adagrad = defineOptimizer({
  name: 'adagrad',
  summary: 'Steps that shrink with the sum of squared gradients so far.',
  source: 'Duchi, Hazan & Singer, JMLR 2011',
  learningRate: 0.01,
  parameters: {
    epsilon: z.number().positive().default(1e-7),
    initial: z.number().nonnegative().default(0.1).describe('First value of v.'),
  },
  create: ({ epsilon, initial }) =>
    adaptiveRule({ v: initial }, ({ rate }) => ({ rate, beta1: 0, beta2: 1, adds: 1, inside: epsilon, floor: 0 })),
});
