import { kernels } from '../kernel/index.ts';

/**
 * Σ w_k g_k of rows of one length d: float64 accumulation in the order given, rounded to float32 once at the end, so that the
 * result does not depend on how rows arrived or were chunked. A row with weight 0 is not read at all: it may hold NaN.
 */
export function combineRows(rows: readonly Float32Array[], weights: ArrayLike<number>): Float32Array {
  const used = rows.flatMap((row, k) => (weights[k] === 0 ? [] : [{ row, weight: weights[k]! }]));
  const combined = new Float32Array(rows[0]?.length ?? 0);
  kernels().weightedSum(
    used.map(({ row }) => row),
    used.map(({ weight }) => weight),
    combined,
  );
  return combined;
}

/** scale · sum, rounded to float32. */
export function roundScaled(sum: Float64Array, scale: number, into?: Float32Array): Float32Array {
  const rounded = into ?? new Float32Array(sum.length);
  kernels().roundScaled(sum, scale, rounded);
  return rounded;
}

/** sum += weight · row, in float64, over the row's length. */
export function addScaled(sum: Float64Array, row: Float32Array, weight: number): void {
  if (weight !== 0) kernels().accumulate(sum, row, weight);
}
