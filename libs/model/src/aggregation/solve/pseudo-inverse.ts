import { largest, sizes, times, type Solved } from './dense.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

/** Rows are float32: singular values below 2⁻²³ of the largest are their rounding. Squared, for a Gramian. */
export const ROUNDING_SQUARED = 2 ** -46;

export interface LeastSquares extends Solved {
  /** M⁺b: the smallest solution of Mx ≈ b. */
  readonly solution: Float64Array;
  /** Whether Mx = b holds. */
  readonly consistent: boolean;
}

/**
 * M⁺b for a positive semidefinite matrix with entries of the order of 1. Eigenvalues up to λ_max·K·2⁻⁴⁶ count as zero. The residual is that of the
 * normal equations M(Mx − b) = 0, relative to M|M||x|.
 */
export function pseudoSolve(matrix: Float64Array, right: ArrayLike<number>): LeastSquares {
  const count = right.length;
  const { values, vectors } = symmetricEigen(matrix, count);
  const cut = values[0]! * count * ROUNDING_SQUARED;
  const solution = new Float64Array(count);
  for (let j = 0; j < count && values[j]! > cut; j++) {
    let along = 0;
    for (let i = 0; i < count; i++) along += vectors[i * count + j]! * right[i]!;
    for (let i = 0; i < count; i++) solution[i]! += (along / values[j]!) * vectors[i * count + j]!;
  }
  const size = sizes(matrix, solution);
  const rest = times(matrix, solution).map((value, k) => value - right[k]!);
  const scale = largest(size) + largest(right);
  return {
    solution,
    residual: largest(times(matrix, rest)) / (scale * count),
    consistent: largest(rest) <= 1e-6 * largest(right),
  };
}
