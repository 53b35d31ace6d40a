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
  let at: usize = 0;
  for (let o: usize = 0; o < n << 2; o += 16) {
    const x = v128.load(values + o);
    let hits = i32x4.bitmask(i32x4.gt_s(v128.and(x, mask), bound));
    while (hits) {
      const lane = ctz(hits);
      store<u32>(places + at, first + <u32>(o >> 2) + lane);
      store<u32>(found + at, load<u32>(values + o + ((<usize>lane) << 2)));
      at += 4;
      hits &= hits - 1;
    }
  }
  return <u32>(at >> 2);
}
