import { kernels } from '../kernel/index.ts';
import type { Rule } from './optimizer.ts';

/**
 * Adam's rule: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← (1 − lr · weightDecay) θ − lr m̂ / (√v̂ + ε), where m̂ = m / (1 − β₁ᵗ) and
 * v̂ = v / (1 − β₂ᵗ) in update t = 1, 2, …
 */
export function adamSteps({
  beta1,
  beta2,
  epsilon,
  weightDecay,
}: {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}): Rule {
  return {
    buffers: { m: 0, v: 0 },
    move: ({ values, gradient, buffers, rate, scale, number }) =>
      kernels().adaptive(
        values,
        gradient,
        { m: buffers['m'], v: buffers['v']! },
        {
          rate: rate / (1 - beta1 ** number),
          unbias: 1 / (1 - beta2 ** number),
          decay: rate * weightDecay,
          ...{ scale, beta1, beta2, floor: epsilon },
        },
      ),
  };
}
