import { fail } from '@trunkline/protocol';
import { numbersOf, NUMBER_TYPES, type NdArray } from './npy.ts';

/** Type codes of the format and NumPy's names of the same types. */
const CODES: Readonly<Record<number, string>> = {
  0x08: 'u1',
  0x09: 'i1',
  0x0b: 'i2',
  0x0c: 'i4',
  0x0d: 'f4',
  0x0e: 'f8',
};

/**
 * Reads idx, the format of MNIST (Y. LeCun, C. Cortes, 1998): two zero bytes, a type code, the number of axes, their lengths
 * as big-endian 32-bit integers, then the numbers, big-endian, in C order.
 * @throws DATA_FILE_BROKEN
 */
export function readIdx(bytes: Uint8Array, name: string): NdArray {
  const broken = (problem: string) => fail('DATA_FILE_BROKEN', { file: name, format: 'idx', problem });
  const type = CODES[bytes[2] ?? 0];
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined) throw broken('it does not begin as an idx file does.');
  const axes = bytes[3] ?? 0;
  const start = 4 + 4 * axes;
  if (bytes.length < start) throw broken('it ends within its header.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  return numbersOf(bytes.subarray(start), { type: NUMBER_TYPES[type]!, shape, little: false, broken });
}
