import { adaptiveRule } from './adaptive-rule.ts';
import { beta } from './beta.ts';
import { convention, startOf, tau } from './fed-convention.ts';
import { defineOptimizer } from './optimizer.ts';

/** m ← β₁m + (1−β₁)g; v ← v − (1−β₂) g² sign(v − g²); θ ← θ − η m / (√v + τ). Reddi et al., ICLR 2021. */
export const fedYogi = defineOptimizer({
  name: 'fed-yogi',
  summary: 'Yogi for the server of a federation.',
  source: 'Reddi et al., ICLR 2021',
  learningRate: 0.01,
  parameters: { beta1: beta(0.9), beta2: beta(0.99), tau, convention },
  create: (parameters) => {
    const { beta1, beta2 } = parameters;
    const { tau: floor, initial } = startOf(parameters, 1e-3);
    return adaptiveRule({ m: 0, v: initial }, ({ rate }) => ({ rate, beta1, beta2, yogi: true, floor }));
  },
});
