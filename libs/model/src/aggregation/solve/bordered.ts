import { dot, largest, sizes, times, type Solved } from './dense.ts';
import { pseudoSolve } from './pseudo-inverse.ts';

/**
 * The bordered system Cy = t·1, aᵀy = 1 for unit rows (C = UUᵀ): x = Uᵀy has the same projection t on all of them. Of the solutions with t ≠ 0 the
 * one with the smallest y; undefined where only t = 0 solves it (no x projects equally) or none does (aᵀC⁺1 = 0). The residual
 * is that of both equations, relative to |C||y| and |a|ᵀ|y|.
 */
export function borderedSolve(cosines: Float64Array, border: Float64Array): Solved | undefined {
  const ones = new Float64Array(border.length).fill(1);
  const equal = pseudoSolve(cosines, ones);
  const total = dot(border, equal.solution);
  const magnitude = dot(border.map(Math.abs), equal.solution.map(Math.abs));
  if (!equal.consistent || !(Math.abs(total) > 1e-12 * magnitude)) return undefined;
  const solution = equal.solution.map((value) => value / total);
  const unequal = largest(times(cosines, solution).map((value) => value - 1 / total));
  return {
    solution,
    residual: Math.max(
      unequal / largest(sizes(cosines, solution)),
      Math.abs(dot(border, solution) - 1) / (magnitude / Math.abs(total)),
    ),
  };
}
