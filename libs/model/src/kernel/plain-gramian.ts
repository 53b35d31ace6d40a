/** Columns taken at a time: two rows of a tile stay in the first-level cache, all rows of a block in the second. */
const BLOCK = 4096;

/**
 * G = JJᵀ of K rows of length d, K×K row-major, accumulated in float64. Each entry is the sum over blocks of columns of a sum in column order (even and odd
 * columns apart), whatever the other rows are: it depends on its two rows alone, bit for bit. A row that holds a value that
 * is not finite makes its entries not finite, which is how strategies recognise it.
 */
export function plainGramian(rows: readonly Float32Array[]): Float64Array {
  const count = rows.length;
  const gramian = new Float64Array(count * count);
  const length = rows[0]?.length ?? 0;
  for (let from = 0; from < length; from += BLOCK) {
    const span: Span = { gramian, count, from, to: Math.min(length, from + BLOCK) };
    for (let i = 0; i < count; i += 2) {
      for (let j = i; j < count; j += 2) addTile(rows, span, i, j);
    }
  }
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) gramian[i * count + j] = gramian[j * count + i]!;
  }
  return gramian;
}

interface Span {
  readonly gramian: Float64Array;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** Products of rows i, i + 1 with rows j, j + 1: each value read from memory serves two of them. */
function addTile(rows: readonly Float32Array[], { gramian, count, from, to }: Span, i: number, j: number): void {
  const a = rows[i]!;
  const b = rows[i + 1] ?? a;
  const c = rows[j]!;
  const d = rows[j + 1] ?? c;
  let ac0 = 0;
  let ac1 = 0;
  let ad0 = 0;
  let ad1 = 0;
  let bc0 = 0;
  let bc1 = 0;
  let bd0 = 0;
  let bd1 = 0;
  const even = to - ((to - from) % 2);
  for (let at = from; at < even; at += 2) {
    const a0 = a[at]!;
    const b0 = b[at]!;
    const c0 = c[at]!;
    const d0 = d[at]!;
    ac0 += a0 * c0;
    ad0 += a0 * d0;
    bc0 += b0 * c0;
    bd0 += b0 * d0;
    const a1 = a[at + 1]!;
    const b1 = b[at + 1]!;
    const c1 = c[at + 1]!;
    const d1 = d[at + 1]!;
    ac1 += a1 * c1;
    ad1 += a1 * d1;
    bc1 += b1 * c1;
    bd1 += b1 * d1;
  }
  if (even < to) {
    ac0 += a[even]! * c[even]!;
    ad0 += a[even]! * d[even]!;
    bc0 += b[even]! * c[even]!;
    bd0 += b[even]! * d[even]!;
  }
  gramian[i * count + j]! += ac0 + ac1;
  if (j + 1 < count) gramian[i * count + j + 1]! += ad0 + ad1;
  if (i + 1 < count && j > i) gramian[(i + 1) * count + j]! += bc0 + bc1;
  if (i + 1 < count && j + 1 < count) gramian[(i + 1) * count + j + 1]! += bd0 + bd1;
}
