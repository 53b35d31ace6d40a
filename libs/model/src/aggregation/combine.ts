/** Values summed at a time: the float64 sums stay in the first-level cache while the rows pass. */
const BLOCK = 2048;

/**
 * Σ w_k g_k of rows of one length d: float64 accumulation in the order given, rounded to float32 once at the end, so that the
 * result does not depend on how rows arrived or were chunked. A row with weight 0 is not read at all: it may hold NaN.
 */
export function combineRows(rows: readonly Float32Array[], weights: ArrayLike<number>): Float32Array {
  const length = rows[0]?.length ?? 0;
  const used = rows.flatMap((row, k) => (weights[k] === 0 ? [] : [{ row, weight: weights[k]! }]));
  const combined = new Float32Array(length);
  const sum = new Float64Array(Math.min(BLOCK, length));
  for (let from = 0; from < length; from += BLOCK) {
    const size = Math.min(BLOCK, length - from);
    sum.fill(0);
    let k = 0;
    for (; k + 1 < used.length; k += 2) addPair(sum, used[k]!, used[k + 1]!, { from, size });
    if (k < used.length) addScaled(sum, used[k]!.row.subarray(from, from + size), used[k]!.weight);
    for (let i = 0; i < size; i++) combined[from + i] = sum[i]!;
  }
  return combined;
}

/** scale · sum, rounded to float32. A loop: `Float32Array.from` with a function makes an object a value. */
export function roundScaled(sum: Float64Array, scale: number, into?: Float32Array): Float32Array {
  const rounded = into ?? new Float32Array(sum.length);
  for (let i = 0; i < sum.length; i++) rounded[i] = scale * sum[i]!;
  return rounded;
}

/** sum += weight · row, in float64, over the row's length. */
export function addScaled(sum: Float64Array, row: Float32Array, weight: number): void {
  if (weight === 0) return;
  for (let i = 0; i < row.length; i++) sum[i]! += weight * row[i]!;
}

interface Scaled {
  readonly row: Float32Array;
  readonly weight: number;
}

/** Two rows in one pass, the first one first: the same additions in the same order as one after the other. */
function addPair(sum: Float64Array, first: Scaled, second: Scaled, { from, size }: { from: number; size: number }) {
  const { row: a, weight: u } = first;
  const { row: b, weight: v } = second;
  for (let i = 0; i < size; i++) sum[i] = sum[i]! + u * a[from + i]! + v * b[from + i]!;
}
