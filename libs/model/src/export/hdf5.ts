import type { Shape } from '../layout.ts';
import { lookup3 } from './lookup3.ts';

/** A group of an HDF5 file: groups and float32 datasets by name. */
export interface Hdf5Group {
  readonly [name: string]: Hdf5Group | Hdf5Dataset;
}
export interface Hdf5Dataset {
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** An offset that points nowhere. */
const NOWHERE = new Uint8Array(8).fill(0xff);
export const SUPERBLOCK = 48;
export const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Messages of an object header (HDF5 File Format Specification 3.0, IV.A.2). */
export const DATASPACE = 1;
const LINK_INFO = 2;
export const DATATYPE = 3;
const FILL_VALUE = 5;
export const LINK = 6;
export const LAYOUT = 8;
const GROUP_INFO = 10;

/** IEEE 754 single precision, little-endian: class 1, version 1. */
export const FLOAT32 = Uint8Array.from([0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]);

/**
 * An HDF5 file of groups and contiguous float32 datasets, as the HDF5 library (1.8 and newer) and h5py read it: superblock 2, object headers
 * 2 with compact links. Layout after the HDF5 File Format Specification 3.0 (The HDF Group). The same tree gives the same bytes.
 */
export function encodeHdf5(root: Hdf5Group): Uint8Array {
  const chunks: Uint8Array[] = [];
  let end = SUPERBLOCK;
  /** Everything begins at a multiple of 8. */
  const place = (bytes: Uint8Array): number => {
    const at = end;
    const padded = Math.ceil(bytes.length / 8) * 8;
    chunks.push(bytes, new Uint8Array(padded - bytes.length));
    end += padded;
    return at;
  };
  const write = (entry: Hdf5Group | Hdf5Dataset): number => {
    if (isDataset(entry)) return place(datasetHeader(entry, place(bytesOf(entry.values)), entry.values.byteLength));
    // A header names where its members lie: they come first.
    const links = Object.entries(entry).map(([name, member]) => message(LINK, linkTo(name, write(member))));
    const info = [message(LINK_INFO, join([[0, 0], NOWHERE, NOWHERE])), message(GROUP_INFO, join([[0, 0]]))];
    return place(objectHeader([...info, ...links]));
  };
  const rootAt = write(root);
  const block = join([SIGNATURE, [2, 8, 8, 0], long(0), NOWHERE, long(end), long(rootAt)]);
  return join([block, word(lookup3(block)), ...chunks]);
}

export const isDataset = (entry: Hdf5Group | Hdf5Dataset): entry is Hdf5Dataset =>
  entry['values'] instanceof Float32Array;

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function datasetHeader({ shape }: Hdf5Dataset, at: number, size: number): Uint8Array {
  return objectHeader([
    // Version 2, simple (or a scalar), no maxima.
    message(DATASPACE, join([[2, shape.length, 0, shape.length === 0 ? 0 : 1], ...shape.map(long)])),
    message(DATATYPE, FLOAT32),
    // Version 3: space allocated at once, no value of its own.
    message(FILL_VALUE, join([[3, 0x09]])),
    // Version 3, contiguous.
    message(LAYOUT, join([[3, 1], long(at), long(size)])),
  ]);
}

/** A hard link, its name in UTF-8 with a length of two bytes. */
function linkTo(name: string, at: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  return join([[1, 0x11, 1], word(text.length).subarray(0, 2), text, long(at)]);
}

const message = (type: number, data: Uint8Array): Uint8Array =>
  join([[type], word(data.length).subarray(0, 2), [0], data]);

/** Version 2, the length of its one chunk in four bytes. */
function objectHeader(messages: readonly Uint8Array[]): Uint8Array {
  const body = join(messages);
  const header = join([new TextEncoder().encode('OHDR'), [2, 0x02], word(body.length), body]);
  return join([header, word(lookup3(header))]);
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function long(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

function join(parts: readonly ArrayLike<number>[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
