import type { Kernels } from './kernels.ts';

type Codecs = Pick<
  Kernels,
  | 'encodeFloat16'
  | 'decodeFloat16'
  | 'encodeBfloat16'
  | 'decodeBfloat16'
  | 'encodeInt8'
  | 'decodeInt8'
  | 'feedbackVelocity'
  | 'largest'
>;

const { fround } = Math;
const word = new Uint32Array(1);
const real = new Float32Array(word.buffer);
const bitsOf = (value: number): number => {
  real[0] = value;
  return word[0]!;
};

/** Number formats of what crosses the wire, in TypeScript. */
export const plainCodecs: Codecs = {
  encodeFloat16(values, into) {
    for (let i = 0; i < values.length; i++) into[i] = float16Of(values[i]!);
  },
  decodeFloat16(codes, into) {
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i]!;
      const exponent = (code >> 10) & 31;
      const fraction = code & 0x3ff;
      const size =
        exponent === 31
          ? fraction
            ? NaN
            : Infinity
          : exponent
            ? (1024 + fraction) * 2 ** (exponent - 25)
            : fraction * 2 ** -24;
      into[i] = code & 0x8000 ? -size : size;
    }
  },
  encodeBfloat16(values, into) {
    for (let i = 0; i < values.length; i++) {
      const bits = bitsOf(values[i]!);
      into[i] = Number.isNaN(values[i]!)
        ? ((bits >>> 16) & 0x8000) | 0x7fc0
        : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
    }
  },
  decodeBfloat16(codes, into) {
    const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
    for (let i = 0; i < codes.length; i++) bits[i] = codes[i]! << 16;
  },
  encodeInt8(values, residual, { codes, scales, chunk }) {
    for (let from = 0, c = 0; from < values.length; from += chunk, c++) {
      const to = Math.min(values.length, from + chunk);
      let most = 0;
      for (let i = from; i < to; i++) {
        const u = fround(residual[i]! + values[i]!);
        residual[i] = u;
        if (!(Math.abs(u) < Infinity)) return false;
        most = Math.max(most, Math.abs(u));
      }
      const inverse = fround(127 / most);
      const fits = inverse < Infinity;
      const factor = fits ? inverse : 0;
      scales[c] = fits ? fround(most / 127) : 0;
      for (let i = from; i < to; i++) {
        const u = residual[i]!;
        const size = toNearestEven(fround(Math.abs(u) * factor));
        // −0 where u is negative or −0: what the subtraction leaves of a zero has a sign too.
        const code = u < 0 || Object.is(u, -0) ? -size : size;
        codes[i] = code;
        residual[i] = fround(u - fround(code * scales[c]!));
      }
    }
    return true;
  },
  decodeInt8({ codes, scales, chunk }, into) {
    for (let i = 0; i < into.length; i++) into[i] = codes[i]! * scales[Math.floor(i / chunk)]!;
  },
  feedbackVelocity(residual, velocity, values, keep) {
    const kept = fround(keep);
    for (let i = 0; i < residual.length; i++) {
      velocity[i] = fround(kept * velocity[i]!) + values[i]!;
      residual[i]! += velocity[i]!;
    }
  },
  largest(values, count) {
    const sizes = Uint32Array.from(values, (value) => bitsOf(value) & 0x7fffffff);
    if (sizes.some((size) => size >= 0x7f800000)) return null;
    const kept = Math.min(count, values.length);
    if (kept === 0) return { places: new Uint32Array(0), values: new Float32Array(0) };
    const least = sizes.slice().sort()[values.length - kept]!;
    let ties = kept - sizes.reduce((above, size) => above + Number(size > least), 0);
    const places = new Uint32Array(kept);
    let at = 0;
    for (let i = 0; i < sizes.length; i++) {
      if (sizes[i]! > least || (sizes[i] === least && ties-- > 0)) places[at++] = i;
    }
    return { places, values: Float32Array.from(places, (place) => values[place]!) };
  },
};

/** To the nearest integer, of two the even one, for magnitudes far below 2⁵². */
function toNearestEven(value: number): number {
  const magic = 3 * 2 ** 51;
  return value + magic - magic;
}

/** To nearest even by exact arithmetic: the step of binary16 at a value's size, at least 2⁻²⁴. */
function float16Of(value: number): number {
  const sign = (bitsOf(value) >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return sign | 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, ((bitsOf(size) >>> 23) & 255) - 127);
  const steps = toNearestEven(size * 2 ** (10 - exponent));
  return sign | (((exponent + 14) << 10) + steps);
}
