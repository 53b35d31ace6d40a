import { dot, largest, sizes, times, type Solved } from './dense.ts';
import { leastDistance } from './least-distance.ts';
import { minNormPoint } from './min-norm-point.ts';

export interface Ball {
  /** C = UUᵀ of the unit rows. */
  readonly cosines: Float64Array;
  /** n_k, the rows' norms. */
  readonly norms: Float64Array;
  /** u_k·g₀ of the centre. */
  readonly centre: Float64Array;
  readonly radius: number;
}

/**
 * The point g₀ + s·x, ‖x‖ ≤ 1, of a ball whose smallest product with a row n_k u_k is largest: x = Uᵀy, y ≥ 0. For a value μ the shortest x that
 * reaches it, n_k u_k·(g₀ + s·x) ≥ μ, is a least distance problem; its length is convex in μ, and Newton's method from above
 * finds where it is 1. The residual: feasibility, complementarity and ‖x‖ = 1, relative.
 */
export function bestWorstCase(ball: Ball): Solved | undefined {
  const { cosines, norms, centre, radius } = ball;
  const inverse = norms.map((norm) => 1 / norm);
  const reachAt = (value: number) => inverse.map((a, k) => (value * a - centre[k]!) / radius);
  let value = upperBound(ball);
  let reach = reachAt(value);
  let found = leastDistance(cosines, reach);
  for (let step = 0; step < 60 && found && found.squared > 0; step++) {
    const length = Math.sqrt(found.squared);
    const next = value - ((length - 1) * length * radius) / dot(found.solution, inverse);
    if (!(next < value) || length - 1 <= 2 * Number.EPSILON) break;
    const shorter = leastDistance(cosines, reachAt(next));
    if (!shorter || shorter.squared === 0) break;
    value = next;
    reach = reachAt(value);
    found = shorter;
  }
  if (!found || found.squared === 0) return undefined;
  // ‖x‖² by rᵀy: yᵀCy cancels where long multipliers of opposed rows make a short x.
  const length = Math.abs(Math.sqrt(found.squared) - 1);
  return { solution: found.solution, residual: Math.max(residualOf(cosines, reach, found.solution), length) };
}

/** By duality the value of any convex combination bounds it: the mean's and the shortest one's. */
function upperBound({ cosines, norms, centre, radius }: Ball): number {
  const valueOf = (y: Float64Array) => dot(centre, y) + radius * Math.sqrt(Math.max(0, dot(y, times(cosines, y))));
  const shortest = minNormPoint(cosines, norms).solution;
  return Math.min(
    valueOf(norms.map((norm) => norm / norms.length)),
    valueOf(shortest.map((weight, k) => weight * norms[k]!)),
  );
}

function residualOf(cosines: Float64Array, reach: Float64Array, y: Float64Array): number {
  const size = largest(sizes(cosines, y)) + largest(reach);
  const slack = times(cosines, y).map((value, k) => (value - reach[k]!) / size);
  return Math.max(...slack.map((value, k) => Math.max(-value, y[k]! > 0 ? value : 0)));
}
