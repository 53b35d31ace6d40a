import type { Adam } from './kernels.ts';

/** What one update of Adam multiplies by, each a float32: the same numbers for every element. */
export function adamNumbers({ rate, scale, beta1, beta2, epsilon, weightDecay, number }: Adam) {
  const numbers = {
    step: rate / (1 - beta1 ** number),
    scale,
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    unbias: 1 / (1 - beta2 ** number),
    decay: rate * weightDecay,
    epsilon,
  };
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) numbers[name] = Math.fround(numbers[name]);
  return numbers;
}
