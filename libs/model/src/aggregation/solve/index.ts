/** Small dense solvers, K up to some dozens, in float64: pure, relative in every tolerance, each with the residual of what it solved. */
export { borderedSolve } from './bordered.ts';
export { solveWithin } from './cholesky.ts';
export { projectOnDualCone } from './dual-cone.ts';
export { leastDistance } from './least-distance.ts';
export { minNormPoint } from './min-norm-point.ts';
export { nonNegative } from './non-negative.ts';
export { powerBalance } from './power-balance.ts';
export { pseudoSolve, ROUNDING_SQUARED } from './pseudo-inverse.ts';
export { symmetricEigen } from './symmetric-eigen.ts';
export { bestWorstCase } from './worst-case.ts';
export type { Solved } from './dense.ts';
