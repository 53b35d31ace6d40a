/** velocity ← keep · velocity + values; residual ← residual + velocity; n a multiple of 4. */
export function velocity(residual: usize, moving: usize, values: usize, n: usize, keep: f32): void {
  const k = f32x4.splat(keep);
  for (const end = residual + (n << 2); residual < end; residual += 16, values += 16, moving += 16) {
    const next = f32x4.add(f32x4.mul(k, v128.load(moving)), v128.load(values));
    v128.store(moving, next);
    v128.store(residual, f32x4.add(v128.load(residual), next));
  }
}

/** Counts values by the upper 15 bits below the sign, 32768 counters of 4 bytes. */
export function histogram(counters: usize, values: usize, n: usize): void {
  for (const end = values + (n << 2); values < end; values += 4) {
    const at = counters + (((load<u32>(values) & 0x7fffffff) >>> 16) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}

/**
 * Notes place (counted from `first`) and bits of each value whose magnitude bits are `least` at least, in order, at `places` and `found`; returns how many.
 * n a multiple of 4.
 */
export function gather(places: usize, found: usize, values: usize, n: usize, first: u32, least: u32): u32 {
  const mask = i32x4.splat(0x7fffffff);
  const bound = i32x4.splat(least - 1);
  const end = n << 2;
  let at: usize = 0;
  let o: usize = 0;
  // Few are large: one look passes over sixteen.
  for (const wide = end & ~63; o < wide; o += 64) {
    const a = i32x4.gt_s(v128.and(v128.load(values + o), mask), bound);
    const b = i32x4.gt_s(v128.and(v128.load(values + o, 16), mask), bound);
    const c = i32x4.gt_s(v128.and(v128.load(values + o, 32), mask), bound);
    const d = i32x4.gt_s(v128.and(v128.load(values + o, 48), mask), bound);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    const hits = i32x4.bitmask(a) | (i32x4.bitmask(b) << 4) | (i32x4.bitmask(c) << 8) | (i32x4.bitmask(d) << 12);
    at = note(places, found, at, values + o, hits, first + <u32>(o >> 2));
  }
  for (; o < end; o += 16) {
    const hits = i32x4.bitmask(i32x4.gt_s(v128.and(v128.load(values + o), mask), bound));
    at = note(places, found, at, values + o, hits, first + <u32>(o >> 2));
  }
  return <u32>(at >> 2);
}

/** Notes the values whose bits in `hits` are set, from the lowest one up. */
function note(places: usize, found: usize, at: usize, values: usize, hits: i32, first: u32): usize {
  while (hits) {
    const lane = ctz(hits);
    store<u32>(places + at, first + lane);
    store<u32>(found + at, load<u32>(values + ((<usize>lane) << 2)));
    at += 4;
    hits &= hits - 1;
  }
  return at;
}
