/**
 * Sorts the four columns at `o` of all rows into `sorted` by passes of neighbours that change places only when the upper one is smaller: equal
 * values keep the rows' order, as in an insertion sort.
 */
function sort(sorted: usize, table: usize, count: i32, o: usize): void {
  for (let k = 0; k < count; k++) {
    v128.store(sorted + ((<usize>k) << 4), v128.load(<usize>load<u32>(table + ((<usize>k) << 4)) + o));
  }
  for (let end = count - 1; end > 0; end--) {
    const last = sorted + ((<usize>end) << 4);
    let carried = v128.load(sorted);
    for (let at = sorted; at < last; at += 16) {
      const next = v128.load(at, 16);
      v128.store(at, f32x4.pmin(carried, next));
      carried = f32x4.pmax(next, carried);
    }
    v128.store(last, carried);
  }
}

function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1));
}

/** out (float64) ← the mean of the middle one or two of each column; n a multiple of 4. `sorted`: room for 16 bytes a row. */
export function medians(out: usize, table: usize, count: i32, n: usize, sorted: usize): void {
  const lower = sorted + ((<usize>((count - 1) >> 1)) << 4);
  const upper = sorted + ((<usize>(count >> 1)) << 4);
  const half = f64x2.splat(0.5);
  for (let o: usize = 0; o < n << 2; o += 16, out += 32) {
    sort(sorted, table, count, o);
    const a = v128.load(lower);
    const b = v128.load(upper);
    v128.store(out, f64x2.mul(f64x2.add(low(a), low(b)), half));
    v128.store(out, f64x2.mul(f64x2.add(high(a), high(b)), half), 16);
  }
}

/** out (float64) ← the mean of each column without its `cut` smallest and `cut` largest, added in ascending order. */
export function trimmedMeans(out: usize, table: usize, count: i32, n: usize, sorted: usize, cut: i32): void {
  const first = sorted + ((<usize>cut) << 4);
  const last = sorted + ((<usize>(count - cut)) << 4);
  const left = f64x2.splat(<f64>(count - 2 * cut));
  for (let o: usize = 0; o < n << 2; o += 16, out += 32) {
    sort(sorted, table, count, o);
    let a = f64x2.splat(0);
    let b = a;
    for (let at = first; at < last; at += 16) {
      const x = v128.load(at);
      a = f64x2.add(a, low(x));
      b = f64x2.add(b, high(x));
    }
    v128.store(out, f64x2.div(a, left));
    v128.store(out, f64x2.div(b, left), 16);
  }
}
