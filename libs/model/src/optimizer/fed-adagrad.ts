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
    return {
      buffers: { m: 0, v: initial },
      move({ values, gradient, buffers, rate, scale }) {
        const m = buffers['m']!;
        const v = buffers['v']!;
        for (let i = 0; i < values.length; i++) {
          const g = gradient[i]! * scale;
          const mean = beta1 * m[i]! + (1 - beta1) * g;
          const square = v[i]! + g * g;
          m[i] = mean;
          v[i] = square;
          values[i] = values[i]! - (rate * mean) / (Math.sqrt(square) + floor);
        }
      },
    };
  },
});
