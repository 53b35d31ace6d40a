// The pointers stand for an even number of values: the last of an odd number is stepped in memory of its own by the caller.

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

/** Adam's rule; `step` = rate / (1 − β₁ᵗ), `unbias` = 1 / (1 − β₂ᵗ), `kept` = 1 − rate · weightDecay: one division an element is enough. */
export function adam(
  values: usize,
  gradient: usize,
  m: usize,
  v: usize,
  n: usize,
  step: f64,
  scale: f64,
  beta1: f64,
  beta2: f64,
  unbias: f64,
  kept: f64,
  epsilon: f64,
): void {
  const r = f64x2.splat(step);
  const s = f64x2.splat(scale);
  const b1 = f64x2.splat(beta1);
  const c1 = f64x2.splat(1 - beta1);
  const b2 = f64x2.splat(beta2);
  const c2 = f64x2.splat(1 - beta2);
  const u = f64x2.splat(unbias);
  const k = f64x2.splat(kept);
  const e = f64x2.splat(epsilon);
  for (const end = values + (n << 2); values < end; values += 8, gradient += 8, m += 8, v += 8) {
    const g = f64x2.mul(pair(gradient), s);
    const mean = f64x2.add(f64x2.mul(b1, pair(m)), f64x2.mul(c1, g));
    const square = f64x2.add(f64x2.mul(b2, pair(v)), f64x2.mul(f64x2.mul(c2, g), g));
    put(m, mean);
    put(v, square);
    const move = f64x2.div(f64x2.mul(r, mean), f64x2.add(f64x2.sqrt(f64x2.mul(square, u)), e));
    put(values, f64x2.sub(f64x2.mul(k, pair(values)), move));
  }
}
