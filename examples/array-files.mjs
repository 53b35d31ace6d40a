/** Writing arrays for the scripts that make the examples' data: npz files that have the same bytes when made again. */
import { zipSync } from 'fflate';

/** The zip format stores local time: a fixed one keeps the bytes the same. */
const MADE = new Date(2020, 0, 1);

/** An npz file of uint8 arrays: name → { shape, data }. */
export function npz(arrays) {
  const entries = Object.entries(arrays).map(([name, { shape, data }]) => [`${name}.npy`, npy(shape, data)]);
  return zipSync(Object.fromEntries(entries), { level: 9, mtime: MADE });
}

/** The npy format, version 1.0 (NumPy Enhancement Proposal 1): magic, header padded to 64 bytes, data in C order. */
function npy(shape, data) {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': ${tuple}, }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  return Buffer.concat([start, Buffer.from(padded, 'latin1'), Buffer.from(data)]);
}

/** The values of a uint8 npy file. */
export function npyValues(bytes) {
  const start = 10 + bytes[8] + 256 * bytes[9];
  return bytes.subarray(start);
}
