import type { Adaptive } from './kernels.ts';

/** What one update multiplies by, each a float32, in the order of the kernel: the same numbers for every element. */
export function adaptiveNumbers({ rate, scale, beta1, beta2, adds, unbias, inside, floor, decay }: Adaptive) {
  const numbers = {
    rate,
    scale,
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: adds ?? 1 - beta2,
    unbias: unbias ?? 1,
    inside: inside ?? 0,
    floor,
    decay: decay ?? 0,
  };
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) numbers[name] = Math.fround(numbers[name]);
  return numbers;
}
