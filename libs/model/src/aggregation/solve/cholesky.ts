/**
 * Solves M_PP z = b_P for the places P of a symmetric positive definite matrix, with one step of iterative refinement.
 * Undefined where M_PP is singular: a pivot at the level of rounding.
 */
export function solveWithin(
  matrix: Float64Array,
  right: ArrayLike<number>,
  places: readonly number[],
): Float64Array | undefined {
  const count = right.length;
  const size = places.length;
  const factor = factorOf(matrix, count, places);
  if (!factor) return undefined;
  const solution = substitute(
    factor,
    Float64Array.from(places, (k) => right[k]!),
  );
  const rest = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = right[places[i]!]!;
    for (let j = 0; j < size; j++) sum -= matrix[places[i]! * count + places[j]!]! * solution[j]!;
    rest[i] = sum;
  }
  const correction = substitute(factor, rest);
  for (let i = 0; i < size; i++) solution[i]! += correction[i]!;
  return solution;
}

function factorOf(matrix: Float64Array, count: number, places: readonly number[]): Float64Array | undefined {
  const size = places.length;
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = places[i]! * count;
    for (let j = 0; j <= i; j++) {
      let sum = matrix[row + places[j]!]!;
      for (let m = 0; m < j; m++) sum -= factor[i * size + m]! * factor[j * size + m]!;
      if (i !== j) {
        factor[i * size + j] = sum / factor[j * size + j]!;
        continue;
      }
      if (!(sum > 4 * Number.EPSILON * matrix[row + places[i]!]!)) return undefined;
      factor[i * size + i] = Math.sqrt(sum);
    }
  }
  return factor;
}

/** L Lᵀ z = b, in place. */
function substitute(factor: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  for (let i = 0; i < size; i++) {
    let sum = vector[i]!;
    for (let j = 0; j < i; j++) sum -= factor[i * size + j]! * vector[j]!;
    vector[i] = sum / factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = vector[i]!;
    for (let j = i + 1; j < size; j++) sum -= factor[j * size + i]! * vector[j]!;
    vector[i] = sum / factor[i * size + i]!;
  }
  return vector;
}
