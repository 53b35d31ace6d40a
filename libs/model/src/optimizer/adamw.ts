import { z } from 'zod';
import { adamSteps } from './adam-steps.ts';
import { beta } from './beta.ts';
import { defineOptimizer } from './optimizer.ts';

/**
 * Adam whose weight decay acts on θ itself, by lr · weightDecay · θ a step, not through the moments; the schedule scales it too.
 * Defaults and form of PyTorch's AdamW (ε 1e-8). Loshchilov & Hutter, ICLR 2019.
 */
export const adamw = defineOptimizer({
  name: 'adamw',
  summary: 'Adam with decoupled weight decay.',
  source: 'Loshchilov & Hutter, ICLR 2019',
  learningRate: 0.001,
  parameters: {
    beta1: beta(0.9),
    beta2: beta(0.999),
    epsilon: z.number().positive().default(1e-8),
    weightDecay: z.number().nonnegative().default(0.01),
  },
  create: adamSteps,
});
