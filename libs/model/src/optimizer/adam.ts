import { z } from 'zod';
import { adamSteps } from './adam-steps.ts';
import { beta } from './beta.ts';
import { defineOptimizer } from './optimizer.ts';

/** Adam, equal to `tf.train.adam` (ε 1e-7 by default, outside the root) within float32 rounding. Kingma & Ba, ICLR 2015. */
export const adam = defineOptimizer({
  name: 'adam',
  summary: 'Steps scaled by running means of the gradient and of its square.',
  source: 'Kingma & Ba, ICLR 2015',
  learningRate: 0.001,
  parameters: { beta1: beta(0.9), beta2: beta(0.999), epsilon: z.number().positive().default(1e-7) },
  create: (parameters) => adamSteps({ ...parameters, weightDecay: 0 }),
});
