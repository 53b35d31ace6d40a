import { dot, largest, times, type Solved } from './dense.ts';
import { homogeneous } from './least-distance.ts';

export interface MinNormPoint extends Solved {
  /** Convex weights α ≥ 0, Σα = 1. */
  readonly solution: Float64Array;
  /** ‖Σ α_k g_k‖² in the unit of the longest of the scaled rows' smallest norm: see `unit`. */
  readonly squared: number;
}

/**
 * The point of smallest norm in the convex hull of rows n_k u_k, u_k unit, C = UUᵀ: α over the simplex that minimises αᵀGα, G = diag(n) C diag(n).
 * Solved in y = nα with C, so rows 1e-4…1e4 of one matrix cost no digits. `squared` is in units of min n_k². The residual is the
 * largest of g_k·v < ‖v‖² and, where α_k > 0, its opposite, relative to n_k Σ|y|.
 */
export function minNormPoint(cosines: Float64Array, norms: ArrayLike<number>): MinNormPoint {
  const count = norms.length;
  const smallest = Math.min(...Array.from(norms));
  const inverse = Float64Array.from(norms, (norm) => smallest / norm);
  const { reached } = homogeneous(cosines, inverse);
  const total = dot(inverse, reached);
  const points = reached.map((value) => value / total);
  const projections = times(cosines, points);
  const squared = Math.max(0, dot(points, projections));
  const size = largest(points) * count;
  let residual = 0;
  for (let k = 0; k < count; k++) {
    const slack = projections[k]! - squared * inverse[k]!;
    residual = Math.max(residual, -slack / size, points[k]! > 0 ? slack / size : 0);
  }
  return { solution: points.map((value, k) => value * inverse[k]!), squared, residual };
}
