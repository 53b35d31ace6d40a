/** Rows by their lengths and angles. */
export interface Geometry {
  readonly count: number;
  /** JJᵀ, K×K. */
  readonly gramian: Float64Array;
  /** n_k = ‖g_k‖ > 0. */
  readonly norms: Float64Array;
  /** C_ij = G_ij / (n_i n_j) in [−1, 1], diagonal exactly 1: the Gramian of the unit rows. */
  readonly cosines: Float64Array;
}

/** Solving on the cosines keeps every tolerance relative to each row's own norm. The Gramian's rows must be usable (finite, not zero). */
export function geometryOf(gramian: Float64Array, count: number): Geometry {
  const norms = Float64Array.from({ length: count }, (_, k) => Math.sqrt(gramian[k * count + k]!));
  const cosines = gramian.map((value, at) => {
    const [i, j] = [Math.floor(at / count), at % count];
    return i === j ? 1 : Math.min(1, Math.max(-1, value / norms[i]! / norms[j]!));
  });
  return { count, gramian, norms, cosines };
}
