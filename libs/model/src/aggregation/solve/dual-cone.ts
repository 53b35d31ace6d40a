import { largest, times, type Solved } from './dense.ts';
import { nonNegative } from './non-negative.ts';

/**
 * Projects Uᵀl on the dual cone {x : Ux ≥ 0}: y ≥ l that minimises yᵀCy, a box QP; x = Uᵀy. C = UUᵀ positive semidefinite with a diagonal of
 * about 1. KKT: Cy ≥ 0, (y − l)ᵀCy = 0; the residual is relative to |C||y|.
 */
export function projectOnDualCone(cosines: Float64Array, lower: ArrayLike<number>): Solved {
  const scale = largest(lower);
  if (scale === 0) return { solution: new Float64Array(lower.length), residual: 0 };
  const start = Float64Array.from(lower, (value) => value / scale);
  const added = nonNegative(
    cosines,
    times(cosines, start).map((value) => -value),
  );
  return { solution: added.solution.map((value, k) => lower[k]! + value * scale), residual: added.residual };
}
