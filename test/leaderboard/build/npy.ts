import { writeFileSync } from 'node:fs';

const TYPES = { '<f4': Float32Array, '<i2': Int16Array, '|u1': Uint8Array } as const;

/** Writes an array as npy, version 1.0 (NumPy Enhancement Proposal 1): little-endian, C order. */
export function writeNpy(file: string, shape: readonly number[], values: Float32Array | Int16Array | Uint8Array): void {
  const type = Object.entries(TYPES).find(([, array]) => values instanceof array)![0];
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sides}), }`;
  // The data begin at a multiple of 64; the header ends with a line feed.
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const start = Buffer.alloc(10 + length, ' ');
  start.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  start.writeUInt16LE(length, 8);
  start.write(header, 10, 'latin1');
  start[start.length - 1] = 0x0a;
  writeFileSync(file, Buffer.concat([start, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]));
}
