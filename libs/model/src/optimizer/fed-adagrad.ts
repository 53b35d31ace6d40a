import { adaptiveRule } from './adaptive-rule.ts';
import { beta } from './beta.ts';
import { convention, startOf, tau } from './fed-convention.ts';
import { defineOptimizer } from './optimizer.ts';

/** m ← β₁m + (1−β₁)g, with β₁ = 0 by default; v ← v + g²; θ ← θ − η m / (√v + τ). Reddi et al., ICLR 2021. */
export const fedAdagrad = defineOptimizer({
  name: 'fed-adagrad',
  summary: 'Adagrad for the server of a federation.',
  source: 'Reddi et al., ICLR 2021',
  learningRate: 0.1,
  parameters: { beta1: beta(0), tau, convention },
  create: (parameters) => {
    const { beta1 } = parameters;
    const { tau: floor, initial } = startOf(parameters, 1e-9);
    return adaptiveRule({ m: 0, v: initial }, ({ rate }) => ({ rate, beta1, beta2: 1, adds: 1, floor }));
  },
});
