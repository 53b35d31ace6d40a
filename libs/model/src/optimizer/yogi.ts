import { z } from 'zod';
import { adamSteps } from './adam-steps.ts';
import { beta } from './beta.ts';
import { defineOptimizer } from './optimizer.ts';

/**
 * Adam with v ← v − (1−β₂) sign(v − g²) g²: v grows and shrinks by steps of the size of g², so that one rare large gradient does not
 * set the rate for long. Zaheer et al., NeurIPS 2018. The paper leaves out Adam's corrections for the first steps and starts v from a
 * first batch; published codes (Optax, TensorFlow Addons, torch-optimizer) correct and start from `initial`, as here.
 */
export const yogi = defineOptimizer({
  name: 'yogi',
  summary: 'Adam whose squared-gradient mean changes additively.',
  source: 'Zaheer et al., NeurIPS 2018',
  learningRate: 0.01,
  parameters: {
    beta1: beta(0.9),
    beta2: beta(0.999),
    epsilon: z.number().positive().default(1e-3),
    initial: z.number().nonnegative().default(1e-6).describe('First value of v.'),
  },
  create: (parameters) => adamSteps({ ...parameters, yogi: true }),
});
