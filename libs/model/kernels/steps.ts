// The pointers stand for an even number of values, those of `adaptive` for a multiple of four: what is left over the caller steps in memory of its own.

function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

function put(at: usize, x: v128): void {
  v128.store64_lane(at, f32x4.demote_f64x2_zero(x), 0);
}

/** θ ← θ − rate · (g · scale + decay · θ). */
export function sgd(values: usize, gradient: usize, n: usize, rate: f64, scale: f64, decay: f64): void {
  const r = f64x2.splat(rate);
  const s = f64x2.splat(scale);
  const d = f64x2.splat(decay);
  for (const end = values + (n << 2); values < end; values += 8, gradient += 8) {
    const value = pair(values);
    put(values, f64x2.sub(value, f64x2.mul(r, f64x2.add(f64x2.mul(pair(gradient), s), f64x2.mul(d, value)))));
  }
}

/** g ← g · scale + decay · θ; m ← keep · m + g; θ ← θ − rate · m, or rate · (g + keep · m). */
export function momentum(
  values: usize,
  gradient: usize,
  m: usize,
  n: usize,
  rate: f64,
  scale: f64,
  decay: f64,
  keep: f64,
  nesterov: bool,
): void {
  const r = f64x2.splat(rate);
  const s = f64x2.splat(scale);
  const d = f64x2.splat(decay);
  const k = f64x2.splat(keep);
  for (const end = values + (n << 2); values < end; values += 8, gradient += 8, m += 8) {
    const value = pair(values);
    const g = f64x2.add(f64x2.mul(pair(gradient), s), f64x2.mul(d, value));
    const next = f64x2.add(f64x2.mul(k, pair(m)), g);
    put(m, next);
    const along = nesterov ? f64x2.add(g, f64x2.mul(k, next)) : next;
    put(values, f64x2.sub(value, f64x2.mul(r, along)));
  }
}

/**
 * Rules that divide by the root of a mean of squares, in float32, four values at a time: one division and one root an element. `m` is 0 where no mean is
 * kept.
 */
export function adaptive(
  values: usize,
  gradient: usize,
  m: usize,
  v: usize,
  n: usize,
  yogi: bool,
  rate: f32,
  scale: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  unbias: f32,
  inside: f32,
  floor: f32,
  decay: f32,
): void {
  const r = f32x4.splat(rate);
  const s = f32x4.splat(scale);
  const b1 = f32x4.splat(beta1);
  const c1 = f32x4.splat(rest1);
  const b2 = f32x4.splat(beta2);
  const c2 = f32x4.splat(rest2);
  const u = f32x4.splat(unbias);
  const i = f32x4.splat(inside);
  const f = f32x4.splat(floor);
  const d = f32x4.splat(decay);
  const kept = m !== 0;
  for (const end = values + (n << 2); values < end; values += 16, gradient += 16, m += 16, v += 16) {
    const g = f32x4.mul(v128.load(gradient), s);
    let mean = g;
    if (kept) {
      mean = f32x4.add(f32x4.mul(b1, v128.load(m)), f32x4.mul(c1, g));
      v128.store(m, mean);
    }
    const before = v128.load(v);
    const term = f32x4.mul(f32x4.mul(c2, g), g);
    const square = yogi ? towards(before, term, f32x4.mul(g, g)) : f32x4.add(f32x4.mul(b2, before), term);
    v128.store(v, square);
    const root = f32x4.sqrt(f32x4.add(f32x4.mul(square, u), i));
    const move = f32x4.div(f32x4.mul(r, mean), f32x4.add(root, f));
    const value = v128.load(values);
    v128.store(values, f32x4.sub(f32x4.sub(value, f32x4.mul(d, value)), move));
  }
}

/** before − term where it is more than `squared`, + term where it is less. */
function towards(before: v128, term: v128, squared: v128): v128 {
  const less = f32x4.add(before, v128.and(term, f32x4.lt(before, squared)));
  return f32x4.sub(less, v128.and(term, f32x4.gt(before, squared)));
}
