/** A solution with how far it is from meeting its conditions, relative to the sizes that were added up to check them. */
export interface Solved {
  readonly solution: Float64Array;
  /** KKT or equation residual, relative: about 1e-16 for a good solve. */
  readonly residual: number;
}

/** Mx for a square matrix, row-major. */
export function times(matrix: Float64Array, vector: ArrayLike<number>): Float64Array {
  const count = vector.length;
  const product = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += matrix[i * count + j]! * vector[j]!;
    product[i] = sum;
  }
  return product;
}

/** |M||x|: what the entries of Mx are sums of, the scale against which their rounding is judged. */
export function sizes(matrix: Float64Array, vector: ArrayLike<number>): Float64Array {
  return times(matrix.map(Math.abs), Float64Array.from(vector, Math.abs));
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}
