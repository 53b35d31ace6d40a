/**
 * One chunk of n values, a multiple of 16 (the caller pads with zeros): residual ← residual + values, codes ← round(residual · 127 / largest), residual ←
 * residual − code · scale. Returns the scale; NaN when a value is not finite: nothing but `residual` is written then.
 */
export function encodeInt8(codes: usize, values: usize, residual: usize, n: usize): f32 {
  const bytes = n << 2;
  let largest = i32x4.splat(0);
  for (let o: usize = 0; o < bytes; o += 16) {
    const u = f32x4.add(v128.load(values + o), v128.load(residual + o));
    v128.store(residual + o, u);
    largest = i32x4.max_u(largest, v128.and(u, i32x4.splat(0x7fffffff)));
  }
  largest = i32x4.max_u(largest, v128.shuffle<i64>(largest, largest, 1, 0));
  const top = max(<u32>i32x4.extract_lane(largest, 0), <u32>i32x4.extract_lane(largest, 1));
  if (top >= 0x7f800000) return f32.NaN;
  const most = reinterpret<f32>(top);
  const inverse = <f32>127 / most;
  // Too small to be divided by: nothing of the chunk is sent, all of it stays behind.
  const fits = inverse < f32.POSITIVE_INFINITY;
  const scale: f32 = fits ? most / <f32>127 : 0;
  const s = f32x4.splat(scale);
  const r = f32x4.splat(fits ? inverse : 0);
  for (let o: usize = 0; o < bytes; o += 64, codes += 16) {
    const q0 = code(residual + o, r, s);
    const q1 = code(residual + o + 16, r, s);
    const q2 = code(residual + o + 32, r, s);
    const q3 = code(residual + o + 48, r, s);
    v128.store(codes, i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(q0, q1), i16x8.narrow_i32x4_s(q2, q3)));
  }
  return scale;
}

function code(at: usize, inverse: v128, scale: v128): v128 {
  const u = v128.load(at);
  const q = f32x4.nearest(f32x4.mul(u, inverse));
  v128.store(at, f32x4.sub(u, f32x4.mul(q, scale)));
  return i32x4.trunc_sat_f32x4_s(q);
}

/** out ← code · scale for n values, a multiple of 4. */
export function decodeInt8(out: usize, codes: usize, n: usize, scale: f32): void {
  const s = f32x4.splat(scale);
  for (const end = codes + n; codes < end; codes += 8, out += 32) {
    const h = v128.load8x8_s(codes);
    v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(h)), s));
    v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(h)), s), 16);
  }
}
