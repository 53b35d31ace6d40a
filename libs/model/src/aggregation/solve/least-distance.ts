import { dot, largest, type Solved } from './dense.ts';
import { nonNegative, nonNegativeResidual } from './non-negative.ts';

export interface Shortest extends Solved {
  /** Multipliers y ≥ 0 of x = Uᵀy. */
  readonly solution: Float64Array;
  /** ‖x‖² = yᵀCy. */
  readonly squared: number;
}

/**
 * The shortest x with Ux ≥ r for unit rows U, C = UUᵀ: x = Uᵀy, y ≥ 0, Cy ≥ r, yᵀ(Cy − r) = 0. Undefined where no x reaches r. Least
 * distance programming as non-negative least squares (Lawson and Hanson 1974): s = argmin ‖Uᵀs‖² + (rᵀs − 1)², y = s / (1 − rᵀs).
 */
export function leastDistance(cosines: Float64Array, reach: ArrayLike<number>): Shortest | undefined {
  const count = reach.length;
  const scale = largest(reach);
  const solution = new Float64Array(count);
  if (scale === 0) return { solution, squared: 0, residual: 0 };
  const { reached, slack } = homogeneous(
    cosines,
    Float64Array.from(reach, (value) => value / scale),
  );
  // ‖x‖² = rᵀs / slack for a reach of at most 1: beyond 1/ε² it is rounding that decides.
  if (!(slack > 4 * count * Number.EPSILON)) return undefined;
  for (let k = 0; k < count; k++) solution[k] = (reached[k]! / slack) * scale;
  return {
    solution,
    squared: dot(solution, reach),
    residual: nonNegativeResidual(cosines, reach, solution),
  };
}

/** s and 1 − rᵀs of the homogenised problem; |r| ≤ 1. */
export function homogeneous(cosines: Float64Array, reach: Float64Array): { reached: Float64Array; slack: number } {
  const count = reach.length;
  const matrix = cosines.map((value, at) => value + reach[Math.floor(at / count)]! * reach[at % count]!);
  const reached = nonNegative(matrix, reach).solution;
  return { reached, slack: 1 - dot(reach, reached) };
}
