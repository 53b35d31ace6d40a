import { z } from 'zod';
import { kernels } from '../kernel/index.ts';
import { defineOptimizer } from './optimizer.ts';

/**
 * m ← momentum · m + g; θ ← θ − lr m, or with `nesterov` θ ← θ − lr (g + momentum · m). g includes weightDecay · θ. As
 * `tf.train.momentum` and PyTorch's SGD; at the coordinator this is FedAvgM (Hsu, Qi & Brown, 2019). Polyak 1964; Sutskever et al.,
 * ICML 2013.
 */
export const momentum = defineOptimizer({
  name: 'momentum',
  summary: 'Steps along a decaying sum of gradients; FedAvgM.',
  source: 'Polyak, USSR Computational Mathematics 1964; Sutskever et al., ICML 2013',
  learningRate: 0.01,
  parameters: {
    momentum: z.number().min(0).lt(1).default(0.9),
    nesterov: z.boolean().default(false),
    weightDecay: z.number().nonnegative().default(0),
  },
  create: (parameters) => ({
    buffers: { m: 0 },
    move: ({ values, gradient, buffers, rate, scale }) =>
      kernels().momentum(values, gradient, buffers['m']!, { ...parameters, rate, scale }),
  }),
});
