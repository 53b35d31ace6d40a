/**
 * Σ w_k g_k of rows of one length d: float64 accumulation in the order given, rounded to float32 once at the end, so that the
 * result does not depend on how rows arrived or were chunked. A row with weight 0 is not read at all: it may hold NaN.
 */
export function combineRows(rows: readonly Float32Array[], weights: ArrayLike<number>): Float32Array {
  const length = rows[0]?.length ?? 0;
  const sum = new Float64Array(length);
  for (let k = 0; k < rows.length; k++) addScaled(sum, rows[k]!, weights[k]!);
  return Float32Array.from(sum);
}

/** sum += weight · row, in float64. */
export function addScaled(sum: Float64Array, row: Float32Array, weight: number): void {
  if (weight === 0) return;
  for (let i = 0; i < sum.length; i++) sum[i]! += weight * row[i]!;
}
