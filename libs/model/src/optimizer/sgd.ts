import { z } from 'zod';
import { kernels } from '../kernel/index.ts';
import { defineOptimizer } from './optimizer.ts';

/** θ ← θ − lr (g + weightDecay θ). As `tf.train.sgd` and PyTorch's SGD; Robbins & Monro, Annals of Mathematical Statistics 1951. */
export const sgd = defineOptimizer({
  name: 'sgd',
  summary: 'Plain steps against the gradient.',
  source: 'Robbins & Monro, Annals of Mathematical Statistics 1951',
  learningRate: 0.01,
  parameters: { weightDecay: z.number().nonnegative().default(0) },
  create: ({ weightDecay }) => ({
    buffers: {},
    move: ({ values, gradient, rate, scale }) => kernels().sgd(values, gradient, { rate, scale, weightDecay }),
  }),
});
