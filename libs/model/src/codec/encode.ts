import { codedBytes, type DownlinkCodec } from '@trunkline/protocol';
import { kernels } from '../kernel/index.ts';
import { asFloat32, type Coded } from './coded.ts';
import { anyNotFinite, halvesOf } from './half-floats.ts';
import { int8Of } from './int8-bytes.ts';

/**
 * Writes values to nearest, each vector by itself: the same values give the same bytes. What the codec cannot carry comes back as float32.
 * int8: a scale for each chunk is its largest magnitude by 127 (per-chunk absmax, as in QSGD's buckets, Alistarh et al., NeurIPS 2017, but to nearest).
 * @param into memory of `codedBytes` bytes from a multiple of four on, zero or used before; left out: new
 */
export function encodeValues({ name }: DownlinkCodec, values: Float32Array, into?: Uint8Array): Coded {
  const bytes = into ?? new Uint8Array(codedBytes(name, values.length, undefined));
  const coded = { bytes, encoding: name };
  if (name === 'int8') {
    const fits = kernels().encodeInt8(values, new Float32Array(values.length), int8Of(bytes, values.length));
    return fits ? coded : asFloat32(values);
  }
  const codes = halvesOf(bytes);
  kernels()[name === 'float16' ? 'encodeFloat16' : 'encodeBfloat16'](values, codes);
  return anyNotFinite(codes, name) ? asFloat32(values) : coded;
}
