// Four values at a time; the caller pads the last ones.

/** Round to nearest even, overflow to infinity, NaN to 0x7e00 with its sign (after Giesen's float_to_half). */
function toFloat16(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const a = v128.xor(x, sign);
  const half = i32x4.splat(0x3f000000);
  const small = i32x4.sub(f32x4.add(a, half), half);
  const odd = v128.and(i32x4.shr_u(a, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(a, i32x4.splat(0xc8000fff)), odd), 13);
  let r = v128.bitselect(small, normal, i32x4.lt_s(a, i32x4.splat(0x38800000)));
  r = v128.bitselect(i32x4.splat(0x7c00), r, i32x4.ge_s(a, i32x4.splat(0x477ff000)));
  r = v128.bitselect(i32x4.splat(0x7e00), r, i32x4.gt_s(a, i32x4.splat(0x7f800000)));
  return v128.or(r, i32x4.shr_u(sign, 16));
}

export function encodeFloat16(out: usize, from: usize, n: usize): void {
  for (const end = from + (n << 2); from < end; from += 32, out += 16) {
    v128.store(out, i16x8.narrow_i32x4_u(toFloat16(v128.load(from)), toFloat16(v128.load(from, 16))));
  }
}

export function decodeFloat16(out: usize, from: usize, n: usize): void {
  for (const end = from + (n << 1); from < end; from += 8, out += 16) {
    const h = v128.load16x4_u(from);
    const sign = i32x4.shl(v128.and(h, i32x4.splat(0x8000)), 16);
    const bits = i32x4.shl(v128.and(h, i32x4.splat(0x7fff)), 13);
    // 2¹¹² moves the exponent from one bias to the other; what is subnormal becomes normal on the way.
    const finite = f32x4.mul(bits, f32x4.splat(reinterpret<f32>(0x77800000)));
    const special = v128.or(bits, i32x4.splat(0x7f800000));
    const mask = i32x4.ge_s(bits, i32x4.splat(0x0f800000));
    v128.store(out, v128.or(v128.bitselect(special, finite, mask), sign));
  }
}

function toBfloat16(x: v128): v128 {
  const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const rounded = i32x4.shr_u(i32x4.add(i32x4.add(x, i32x4.splat(0x7fff)), odd), 16);
  const sign = i32x4.shr_u(v128.and(x, i32x4.splat(0x80000000)), 16);
  return v128.bitselect(v128.or(sign, i32x4.splat(0x7fc0)), rounded, f32x4.ne(x, x));
}

export function encodeBfloat16(out: usize, from: usize, n: usize): void {
  for (const end = from + (n << 2); from < end; from += 32, out += 16) {
    v128.store(out, i16x8.narrow_i32x4_u(toBfloat16(v128.load(from)), toBfloat16(v128.load(from, 16))));
  }
}

export function decodeBfloat16(out: usize, from: usize, n: usize): void {
  for (const end = from + (n << 1); from < end; from += 8, out += 16) {
    v128.store(out, i32x4.shl(v128.load16x4_u(from), 16));
  }
}
