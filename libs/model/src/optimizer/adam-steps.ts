import { adaptiveRule } from './adaptive-rule.ts';
import type { Rule } from './optimizer.ts';

/**
 * Adam's rule: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← (1 − lr · weightDecay) θ − lr m̂ / (√v̂ + ε), where m̂ = m / (1 − β₁ᵗ) and
 * v̂ = v / (1 − β₂ᵗ) in update t = 1, 2, …
 */
export function adamSteps(parameters: {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay?: number;
  /** First value of v. */
  initial?: number;
  /** v moves as in Yogi. */
  yogi?: boolean;
}): Rule {
  const { beta1, beta2, epsilon, weightDecay = 0, initial = 0, yogi = false } = parameters;
  return adaptiveRule({ m: 0, v: initial }, ({ rate, number }) => ({
    rate: rate / (1 - beta1 ** number),
    unbias: 1 / (1 - beta2 ** number),
    decay: rate * weightDecay,
    ...{ beta1, beta2, yogi, floor: epsilon },
  }));
}
