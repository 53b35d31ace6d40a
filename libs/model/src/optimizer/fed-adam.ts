import { adaptiveRule } from './adaptive-rule.ts';
import { beta } from './beta.ts';
import { convention, startOf, tau } from './fed-convention.ts';
import { defineOptimizer } from './optimizer.ts';

/**
 * m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← θ − η m / (√v + τ). Reddi et al., ICLR 2021. With `convention: flower` η is multiplied
 * by √(1−β₂ᵗ⁺¹) / (1−β₁ᵗ⁺¹) in update t = 1, 2, … as Flower's code does.
 */
export const fedAdam = defineOptimizer({
  name: 'fed-adam',
  summary: 'Adam for the server of a federation, without bias correction.',
  source: 'Reddi et al., ICLR 2021',
  learningRate: 0.1,
  parameters: { beta1: beta(0.9), beta2: beta(0.99), tau, convention },
  create: (parameters) => {
    const { beta1, beta2 } = parameters;
    const { tau: floor, initial } = startOf(parameters, 1e-9);
    const correction = (number: number) =>
      parameters.convention === 'flower' ? Math.sqrt(1 - beta2 ** (number + 1)) / (1 - beta1 ** (number + 1)) : 1;
    return adaptiveRule({ m: 0, v: initial }, ({ rate, number }) => ({
      rate: rate * correction(number),
      ...{ beta1, beta2, floor },
    }));
  },
});
