/**
 * G = JJᵀ of K rows of length d, K×K row-major, accumulated in float64. A row that holds a value that is not finite makes
 * its entries not finite, which is how strategies recognise it.
 */
export function gramianOf(rows: readonly Float32Array[]): Float64Array {
  const count = rows.length;
  const gramian = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = i; j < count; j++) {
      const dot = dotOf(rows[i]!, rows[j]!);
      gramian[i * count + j] = dot;
      gramian[j * count + i] = dot;
    }
  }
  return gramian;
}

function dotOf(a: Float32Array, b: Float32Array): number {
  // Four sums: the loop is bound by the latency of one addition otherwise.
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const even = a.length - (a.length % 4);
  for (let i = 0; i < even; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (let i = even; i < a.length; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}
