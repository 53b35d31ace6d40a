import { kernels } from '../kernel/index.ts';

/** Euclidean length of a gradient, summed in float64: no float32 square overflows. */
export const normOf = (gradient: Float32Array): number => Math.sqrt(kernels().sumOfSquares(gradient));

/**
 * What a gradient is multiplied by so that its Euclidean length is at most `limit`: limit / length, or exactly 1 where it is short
 * enough or there is no limit. Pascanu, Mikolov & Bengio, ICML 2013.
 */
export function clipScale(gradient: Float32Array, limit: number | undefined): number {
  if (limit === undefined) return 1;
  const norm = normOf(gradient);
  return norm > limit ? limit / norm : 1;
}
