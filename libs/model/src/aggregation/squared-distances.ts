/** ‖g_i − g_j‖² for all pairs, K×K row-major, from the differences themselves: a Gramian's would cancel between close rows. */
export function squaredDistances(rows: readonly Float32Array[]): Float64Array {
  const count = rows.length;
  const squares = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const square = squaredDistance(rows[i]!, rows[j]!);
      squares[i * count + j] = square;
      squares[j * count + i] = square;
    }
  }
  return squares;
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    sum += difference * difference;
  }
  return sum;
}
