/** Columns that all tiles pass over before going on: sixteen rows of them stay in the second-level cache, and each row is read in long runs. */
const SPAN = 1024;

function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/**
 * acc + x · y. The product of two float32 is exact in float64, so that fused and unfused give the same bits; only what is built with relaxed
 * SIMD may fuse.
 */
function fused(acc: v128, x: v128, y: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(x, y, acc);
  return f64x2.add(acc, f64x2.mul(x, y));
}

/**
 * Adds the products of `rows` rows (an even number; addresses of 4 bytes at `table`, 16 apart) over columns [from, from + n) to `acc`: two float64 for
 * each pair i ≤ j at (i · rows + j) · 16, columns of even place to the first. `from` and every n but the last are even.
 */
export function gramColumns(acc: usize, table: usize, rows: i32, from: usize, n: usize): void {
  for (let at: usize = 0; at < n; at += SPAN) {
    const size = min<usize>(SPAN, n - at);
    const o = (from + at) << 2;
    for (let i = 0; i < rows; i += 4) {
      if (rows - i === 2) both(acc, table, rows, i, o, size);
      else diagonal(acc, table, rows, i, o, size);
      for (let j = i + 4; j < rows; j += 2) tile(acc, table, rows, i, j, o, size);
    }
  }
}

function row(table: usize, k: i32): usize {
  return <usize>load<u32>(table + ((<usize>k) << 4));
}

function place(acc: usize, rows: i32, i: i32, j: i32): usize {
  return acc + ((<usize>(i * rows + j)) << 4);
}

function single(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load32_zero(at));
}

/** Rows i … i + 3 among themselves. */
function diagonal(acc: usize, table: usize, rows: i32, i: i32, o: usize, n: usize): void {
  const q0 = place(acc, rows, i, i);
  const q1 = place(acc, rows, i + 1, i + 1);
  const q2 = place(acc, rows, i + 2, i + 2);
  const q3 = place(acc, rows, i + 3, i + 3);
  let a00 = v128.load(q0);
  let a01 = v128.load(q0, 16);
  let a02 = v128.load(q0, 32);
  let a03 = v128.load(q0, 48);
  let a11 = v128.load(q1);
  let a12 = v128.load(q1, 16);
  let a13 = v128.load(q1, 32);
  let a22 = v128.load(q2);
  let a23 = v128.load(q2, 16);
  let a33 = v128.load(q3);
  const p0 = row(table, i);
  const p1 = row(table, i + 1);
  const p2 = row(table, i + 2);
  const p3 = row(table, i + 3);
  const even = o + ((n & ~1) << 2);
  const end = o + (n << 2);
  for (; o < even; o += 8) {
    const x0 = pair(p0 + o);
    const x1 = pair(p1 + o);
    const x2 = pair(p2 + o);
    const x3 = pair(p3 + o);
    a00 = fused(a00, x0, x0);
    a01 = fused(a01, x0, x1);
    a02 = fused(a02, x0, x2);
    a03 = fused(a03, x0, x3);
    a11 = fused(a11, x1, x1);
    a12 = fused(a12, x1, x2);
    a13 = fused(a13, x1, x3);
    a22 = fused(a22, x2, x2);
    a23 = fused(a23, x2, x3);
    a33 = fused(a33, x3, x3);
  }
  if (o < end) {
    const x0 = single(p0 + o);
    const x1 = single(p1 + o);
    const x2 = single(p2 + o);
    const x3 = single(p3 + o);
    a00 = fused(a00, x0, x0);
    a01 = fused(a01, x0, x1);
    a02 = fused(a02, x0, x2);
    a03 = fused(a03, x0, x3);
    a11 = fused(a11, x1, x1);
    a12 = fused(a12, x1, x2);
    a13 = fused(a13, x1, x3);
    a22 = fused(a22, x2, x2);
    a23 = fused(a23, x2, x3);
    a33 = fused(a33, x3, x3);
  }
  v128.store(q0, a00);
  v128.store(q0, a01, 16);
  v128.store(q0, a02, 32);
  v128.store(q0, a03, 48);
  v128.store(q1, a11);
  v128.store(q1, a12, 16);
  v128.store(q1, a13, 32);
  v128.store(q2, a22);
  v128.store(q2, a23, 16);
  v128.store(q3, a33);
}

/** Rows i and i + 1 among themselves. */
function both(acc: usize, table: usize, rows: i32, i: i32, o: usize, n: usize): void {
  const q0 = place(acc, rows, i, i);
  const q1 = place(acc, rows, i + 1, i + 1);
  let a00 = v128.load(q0);
  let a01 = v128.load(q0, 16);
  let a11 = v128.load(q1);
  const p0 = row(table, i);
  const p1 = row(table, i + 1);
  const even = o + ((n & ~1) << 2);
  const end = o + (n << 2);
  for (; o < even; o += 8) {
    const x0 = pair(p0 + o);
    const x1 = pair(p1 + o);
    a00 = fused(a00, x0, x0);
    a01 = fused(a01, x0, x1);
    a11 = fused(a11, x1, x1);
  }
  if (o < end) {
    const x0 = single(p0 + o);
    const x1 = single(p1 + o);
    a00 = fused(a00, x0, x0);
    a01 = fused(a01, x0, x1);
    a11 = fused(a11, x1, x1);
  }
  v128.store(q0, a00);
  v128.store(q0, a01, 16);
  v128.store(q1, a11);
}

/** Rows i … i + 3 with rows j and j + 1. */
function tile(acc: usize, table: usize, rows: i32, i: i32, j: i32, o: usize, n: usize): void {
  const q0 = place(acc, rows, i, j);
  const q1 = place(acc, rows, i + 1, j);
  const q2 = place(acc, rows, i + 2, j);
  const q3 = place(acc, rows, i + 3, j);
  let a0 = v128.load(q0);
  let b0 = v128.load(q0, 16);
  let a1 = v128.load(q1);
  let b1 = v128.load(q1, 16);
  let a2 = v128.load(q2);
  let b2 = v128.load(q2, 16);
  let a3 = v128.load(q3);
  let b3 = v128.load(q3, 16);
  const p0 = row(table, i);
  const p1 = row(table, i + 1);
  const p2 = row(table, i + 2);
  const p3 = row(table, i + 3);
  const y = row(table, j);
  const z = row(table, j + 1);
  const even = o + ((n & ~1) << 2);
  const end = o + (n << 2);
  for (; o < even; o += 8) {
    const y0 = pair(y + o);
    const y1 = pair(z + o);
    let x = pair(p0 + o);
    a0 = fused(a0, x, y0);
    b0 = fused(b0, x, y1);
    x = pair(p1 + o);
    a1 = fused(a1, x, y0);
    b1 = fused(b1, x, y1);
    x = pair(p2 + o);
    a2 = fused(a2, x, y0);
    b2 = fused(b2, x, y1);
    x = pair(p3 + o);
    a3 = fused(a3, x, y0);
    b3 = fused(b3, x, y1);
  }
  if (o < end) {
    const y0 = single(y + o);
    const y1 = single(z + o);
    let x = single(p0 + o);
    a0 = fused(a0, x, y0);
    b0 = fused(b0, x, y1);
    x = single(p1 + o);
    a1 = fused(a1, x, y0);
    b1 = fused(b1, x, y1);
    x = single(p2 + o);
    a2 = fused(a2, x, y0);
    b2 = fused(b2, x, y1);
    x = single(p3 + o);
    a3 = fused(a3, x, y0);
    b3 = fused(b3, x, y1);
  }
  v128.store(q0, a0);
  v128.store(q0, b0, 16);
  v128.store(q1, a1);
  v128.store(q1, b1, 16);
  v128.store(q2, a2);
  v128.store(q2, b2, 16);
  v128.store(q3, a3);
  v128.store(q3, b3, 16);
}

/** Adds both lanes of every pair i ≤ j < count to the float64 at gramian[i, j], count × count row-major, and clears `acc`. */
export function gramReduce(gramian: usize, acc: usize, rows: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    for (let j = i; j < count; j++) {
      const q = place(acc, rows, i, j);
      const at = gramian + ((<usize>(i * count + j)) << 3);
      store<f64>(at, load<f64>(at) + (load<f64>(q) + load<f64>(q, 8)));
    }
  }
  memory.fill(acc, 0, (<usize>(rows * rows)) << 4);
}
