import { INT8_CHUNK } from '@trunkline/protocol';
import type { Int8Vector } from '../kernel/index.ts';

/** `length` values of `int8`, as they lie in their bytes: views. `bytes` begins on a multiple of four. */
export function int8Of(bytes: Uint8Array, length: number): Int8Vector {
  const chunks = Math.ceil(length / INT8_CHUNK);
  return {
    scales: new Float32Array(bytes.buffer, bytes.byteOffset, chunks),
    codes: new Int8Array(bytes.buffer, bytes.byteOffset + chunks * 4, length),
    chunk: INT8_CHUNK,
  };
}
