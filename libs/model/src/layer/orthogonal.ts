import { sizeOf, type Shape } from '../layout.ts';
import type { Random } from '../random.ts';

/**
 * Values whose matrix [product of the leading axes, last axis] has orthonormal columns, or rows where it is wider than tall
 * (Saxe, McClelland and Ganguli 2014). It is the Q of a Gaussian matrix whose R has a positive diagonal, which makes it
 * uniform over such matrices (Mezzadri 2007); modified Gram-Schmidt, each vector cleared twice, in float64.
 */
export function orthogonal(shape: Shape, random: Random): Float32Array {
  const columns = shape.at(-1) ?? 1;
  const rows = sizeOf(shape) / columns;
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const basis: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const vector = Float64Array.from({ length }, () => random.normal());
    for (let pass = 0; pass < 2; pass++) for (const other of basis) subtract(vector, other, dot(vector, other));
    const norm = Math.sqrt(dot(vector, vector));
    basis.push(vector.map((value) => value / norm));
  }
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) values[i * columns + j] = rows >= columns ? basis[j]![i]! : basis[i]![j]!;
  }
  return values;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function subtract(from: Float64Array, other: Float64Array, factor: number): void {
  for (let i = 0; i < from.length; i++) from[i]! -= factor * other[i]!;
}
