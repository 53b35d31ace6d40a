const MAGNITUDE = 0x7fff_ffff;
/** Of the largest finite float32. */
const LARGEST = 0x7f7f_ffff;

/**
 * Whether every value is finite. Looks at the bits: those of an infinity or a NaN, without the sign, are larger than those of any finite value, so that
 * their distance to the largest is negative; four of them at a time, which do not wait for each other.
 */
export function allFinite(values: Float32Array): boolean {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const whole = bits.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a |= LARGEST - (bits[i]! & MAGNITUDE);
    b |= LARGEST - (bits[i + 1]! & MAGNITUDE);
    c |= LARGEST - (bits[i + 2]! & MAGNITUDE);
    d |= LARGEST - (bits[i + 3]! & MAGNITUDE);
  }
  for (let i = whole; i < bits.length; i++) a |= LARGEST - (bits[i]! & MAGNITUDE);
  return (a | b | c | d) >= 0;
}
