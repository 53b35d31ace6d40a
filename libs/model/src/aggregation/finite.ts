import { kernels } from '../kernel/index.ts';

/** Whether every value is finite: squares of float32 do not overflow in float64, so that their sum is finite where all values are. */
export const allFinite = (values: Float32Array): boolean => Number.isFinite(kernels().sumOfSquares(values));
