/** Rows added in one pass: more streams than this, and the processor's prefetching loses track of them. */
const TILE = 8;
/** Columns a tile covers before the next one begins: their float64 sums are 32 KB. */
const BLOCK = 4096;

/** Two float32 values as float64. */
function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/** Four float64 sums as float32. */
function narrow(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2);
}

function term(sum: v128, weight: v128, at: usize): v128 {
  return f64x2.add(sum, f64x2.mul(weight, pair(at)));
}

/**
 * `table`: for each of `count` rows its address (4 bytes, 4 unused) and its weight (float64). Adds their columns [from, from + n) in order to
 * the float64 sums at `acc`, or to zero when `fresh`; with an `out` the sums are rounded to it instead of being kept.
 */
export function sumTile(out: usize, acc: usize, from: usize, n: usize, table: usize, count: i32, fresh: bool): void {
  const last = table + ((<usize>count) << 4);
  const whole = (from + (n & ~15)) << 2;
  let o = from << 2;
  let c = acc;
  for (; o < whole; o += 64, c += 128) {
    let a0 = f64x2.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let a4 = a0;
    let a5 = a0;
    let a6 = a0;
    let a7 = a0;
    if (!fresh) {
      a0 = v128.load(c);
      a1 = v128.load(c, 16);
      a2 = v128.load(c, 32);
      a3 = v128.load(c, 48);
      a4 = v128.load(c, 64);
      a5 = v128.load(c, 80);
      a6 = v128.load(c, 96);
      a7 = v128.load(c, 112);
    }
    for (let t = table; t < last; t += 16) {
      const p = <usize>load<u32>(t) + o;
      const w = v128.load64_splat(t, 8);
      a0 = term(a0, w, p);
      a1 = term(a1, w, p + 8);
      a2 = term(a2, w, p + 16);
      a3 = term(a3, w, p + 24);
      a4 = term(a4, w, p + 32);
      a5 = term(a5, w, p + 40);
      a6 = term(a6, w, p + 48);
      a7 = term(a7, w, p + 56);
    }
    if (out) {
      const q = out + o;
      v128.store(q, narrow(a0, a1));
      v128.store(q, narrow(a2, a3), 16);
      v128.store(q, narrow(a4, a5), 32);
      v128.store(q, narrow(a6, a7), 48);
    } else {
      v128.store(c, a0);
      v128.store(c, a1, 16);
      v128.store(c, a2, 32);
      v128.store(c, a3, 48);
      v128.store(c, a4, 64);
      v128.store(c, a5, 80);
      v128.store(c, a6, 96);
      v128.store(c, a7, 112);
    }
  }
  for (const end = (from + n) << 2; o < end; o += 4, c += 8) {
    let a: f64 = fresh ? 0 : load<f64>(c);
    for (let t = table; t < last; t += 16) a += load<f64>(t, 8) * <f64>load<f32>(<usize>load<u32>(t) + o);
    if (out) store<f32>(out + o, <f32>a);
    else store<f64>(c, a);
  }
}

/** out = Σ weight · row over all of `table`. `acc`: room for 4096 float64. */
export function sumRows(out: usize, acc: usize, n: usize, table: usize, count: i32): void {
  if (count <= TILE) return sumTile(out, acc, 0, n, table, count, true);
  for (let from: usize = 0; from < n; from += BLOCK) {
    const size = min<usize>(BLOCK, n - from);
    for (let k = 0; k < count; k += TILE) {
      const rest = count - k;
      sumTile(rest <= TILE ? out : 0, acc, from, size, table + ((<usize>k) << 4), min(TILE, rest), k === 0);
    }
  }
}

/** sum += weight · row. */
export function accumulate(sum: usize, row: usize, n: usize, weight: f64): void {
  const w = f64x2.splat(weight);
  const whole = row + ((n & ~7) << 2);
  const end = row + (n << 2);
  for (; row < whole; row += 32, sum += 64) {
    v128.store(sum, term(v128.load(sum), w, row));
    v128.store(sum, term(v128.load(sum, 16), w, row + 8), 16);
    v128.store(sum, term(v128.load(sum, 32), w, row + 16), 32);
    v128.store(sum, term(v128.load(sum, 48), w, row + 24), 48);
  }
  for (; row < end; row += 4, sum += 8) store<f64>(sum, load<f64>(sum) + weight * <f64>load<f32>(row));
}

/** out = scale · sum. */
export function roundScaled(out: usize, sum: usize, n: usize, scale: f64): void {
  const s = f64x2.splat(scale);
  const whole = out + ((n & ~3) << 2);
  const end = out + (n << 2);
  for (; out < whole; out += 16, sum += 32) {
    v128.store(out, narrow(f64x2.mul(s, v128.load(sum)), f64x2.mul(s, v128.load(sum, 16))));
  }
  for (; out < end; out += 4, sum += 8) store<f32>(out, <f32>(scale * load<f64>(sum)));
}

/** Adds the square of value i to the float64 at `lanes` + 8 · (i mod 8). */
export function squares(lanes: usize, row: usize, n: usize): void {
  let a0 = v128.load(lanes);
  let a1 = v128.load(lanes, 16);
  let a2 = v128.load(lanes, 32);
  let a3 = v128.load(lanes, 48);
  const whole = row + ((n & ~7) << 2);
  const end = row + (n << 2);
  for (; row < whole; row += 32) {
    const x0 = pair(row);
    const x1 = pair(row + 8);
    const x2 = pair(row + 16);
    const x3 = pair(row + 24);
    a0 = f64x2.add(a0, f64x2.mul(x0, x0));
    a1 = f64x2.add(a1, f64x2.mul(x1, x1));
    a2 = f64x2.add(a2, f64x2.mul(x2, x2));
    a3 = f64x2.add(a3, f64x2.mul(x3, x3));
  }
  v128.store(lanes, a0);
  v128.store(lanes, a1, 16);
  v128.store(lanes, a2, 32);
  v128.store(lanes, a3, 48);
  for (; row < end; row += 4, lanes += 8) {
    const x = <f64>load<f32>(row);
    store<f64>(lanes, load<f64>(lanes) + x * x);
  }
}

/** sum ← sum + values; n a multiple of 4. */
export function add(sum: usize, values: usize, n: usize): void {
  for (const end = sum + (n << 2); sum < end; sum += 16, values += 16) {
    v128.store(sum, f32x4.add(v128.load(sum), v128.load(values)));
  }
}
