import { kernels } from '../kernel/index.ts';

/**
 * G = JJᵀ of K rows of length d, K×K row-major, accumulated in float64. Each entry is the sum over blocks of columns of a sum in column order (even and odd
 * columns apart), whatever the other rows are: it depends on its two rows alone, bit for bit. A row that holds a value that
 * is not finite makes its entries not finite, which is how strategies recognise it.
 */
export const gramianOf = (rows: readonly Float32Array[]): Float64Array => kernels().gramian(rows);
