import type { Rule } from './optimizer.ts';

/**
 * Adam's rule: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← (1 − lr · weightDecay) θ − lr m̂ / (√v̂ + ε), where m̂ = m / (1 − β₁ᵗ) and
 * v̂ = v / (1 − β₂ᵗ) in update t = 1, 2, …
 */
export function adamSteps(parameters: { beta1: number; beta2: number; epsilon: number; weightDecay: number }): Rule {
  const { beta1, beta2, epsilon, weightDecay } = parameters;
  return {
    buffers: { m: 0, v: 0 },
    move({ values, gradient, buffers, rate, scale, number }) {
      const m = buffers['m']!;
      const v = buffers['v']!;
      const firsts = 1 - beta1 ** number;
      const seconds = 1 - beta2 ** number;
      const kept = 1 - rate * weightDecay;
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! * scale;
        const mean = beta1 * m[i]! + (1 - beta1) * g;
        const square = beta2 * v[i]! + (1 - beta2) * g * g;
        m[i] = mean;
        v[i] = square;
        values[i] = kept * values[i]! - (rate * (mean / firsts)) / (Math.sqrt(square / seconds) + epsilon);
      }
    },
  };
}
