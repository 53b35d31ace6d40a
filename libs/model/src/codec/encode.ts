import { codedBytes, INT8_CHUNK, type DenseCodec } from '@trunkline/protocol';
import { kernels, type Int8Vector } from '../kernel/index.ts';
import { asFloat32, type Coded } from './coded.ts';
import { anyNotFinite, halvesOf } from './half-floats.ts';
import { int8Of } from './int8-bytes.ts';

/** Values that int8 is written for at a time: nothing is kept of what it leaves out, so that a little memory serves for all. */
const PIECE = 64 * INT8_CHUNK;

/**
 * Writes values to nearest, each vector by itself: the same values give the same bytes. What the codec cannot carry comes back as float32.
 * int8: a scale for each chunk is its largest magnitude by 127 (per-chunk absmax, as in QSGD's buckets, Alistarh et al., NeurIPS 2017, but to nearest).
 * @param into memory of `codedBytes` bytes from a multiple of four on, zero or used before; left out: new
 */
export function encodeValues({ name }: DenseCodec, values: Float32Array, into?: Uint8Array): Coded {
  const bytes = into ?? new Uint8Array(codedBytes(name, values.length, undefined));
  const coded = { bytes, encoding: name };
  if (name === 'int8') {
    return writeInt8(values, int8Of(bytes, values.length)) ? coded : asFloat32(values);
  }
  const codes = halvesOf(bytes);
  kernels()[name === 'float16' ? 'encodeFloat16' : 'encodeBfloat16'](values, codes);
  return anyNotFinite(codes, name) ? asFloat32(values) : coded;
}

/** False: a value is not finite. */
function writeInt8(values: Float32Array, { codes, scales, chunk }: Int8Vector): boolean {
  const left = new Float32Array(Math.min(values.length, PIECE));
  for (let from = 0; from < values.length; from += PIECE) {
    const until = Math.min(values.length, from + PIECE);
    const into = { codes: codes.subarray(from, until), scales: scales.subarray(from / chunk), chunk };
    left.fill(0);
    if (!kernels().encodeInt8(values.subarray(from, until), left.subarray(0, until - from), into)) return false;
  }
  return true;
}
