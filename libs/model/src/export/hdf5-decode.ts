import {
  DATASPACE,
  DATATYPE,
  FLOAT32,
  LAYOUT,
  LINK,
  SIGNATURE,
  SUPERBLOCK,
  isDataset,
  type Hdf5Dataset,
  type Hdf5Group,
} from './hdf5.ts';
import { lookup3 } from './lookup3.ts';
import type { Broken } from './opened-model.ts';

/** Groups in groups that are followed: ours are four deep, and a link may point back. */
const DEEPEST = 8;

interface Message {
  readonly type: number;
  readonly data: DataView;
}

/** The tree in the bytes of `encodeHdf5`. Another form of HDF5 (the library knows dozens) is refused, so is a wrong checksum. */
export function decodeHdf5(bytes: Uint8Array, broken: Broken): Hdf5Group {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const other = (what: string, cause?: unknown) => broken(`its HDF5 ${what}: not as \`export\` writes it.`, cause);
  if (bytes.length < SUPERBLOCK || SIGNATURE.some((byte, i) => bytes[i] !== byte) || bytes[8] !== 2)
    throw other('has another superblock');
  if (lookup3(bytes.subarray(0, SUPERBLOCK - 4)) !== view.getUint32(SUPERBLOCK - 4, true))
    throw other('has a superblock with a wrong checksum');
  let root: Hdf5Group | Hdf5Dataset;
  try {
    root = read(long(view, SUPERBLOCK - 12), 0);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw other('ends too early', cause);
  }
  if (isDataset(root)) throw other('has no root group');
  return root;

  function read(at: number, depth: number): Hdf5Group | Hdf5Dataset {
    if (depth > DEEPEST) throw other('has too many groups in groups');
    const messages = headerAt(at);
    const data = (type: number) => messages.find((message) => message.type === type)?.data;
    const [space, type, layout] = [data(DATASPACE), data(DATATYPE), data(LAYOUT)];
    if (!space) return Object.fromEntries(messages.flatMap((message) => linked(message, depth)));
    if (!type || FLOAT32.some((byte, i) => type.getUint8(i) !== byte)) throw other('has values that are not float32');
    if (!layout || layout.getUint16(0, true) !== 0x0103) throw other('has values in pieces');
    const shape = Array.from({ length: space.getUint8(1) }, (_, i) => long(space, 4 + 8 * i));
    const [from, size] = [long(layout, 2), long(layout, 10)];
    if (from + size > bytes.length || size % 4 !== 0) throw other('ends within its values');
    return { shape, values: new Float32Array(bytes.slice(from, from + size).buffer) };
  }

  function linked({ type, data }: Message, depth: number): [string, Hdf5Group | Hdf5Dataset][] {
    if (type !== LINK) return [];
    if (data.getUint8(0) !== 1 || data.getUint8(1) !== 0x11) throw other('has links of another kind');
    const length = data.getUint16(3, true);
    const name = new TextDecoder().decode(new Uint8Array(data.buffer, data.byteOffset + 5, length));
    return [[name, read(long(data, 5 + length), depth + 1)]];
  }

  /** The messages of an object header of version 2. */
  function headerAt(at: number): Message[] {
    if (at + 10 > bytes.length || new TextDecoder().decode(bytes.subarray(at, at + 4)) !== 'OHDR')
      throw other('has an object without a header');
    const [end, kind] = [at + 10 + view.getUint32(at + 6, true), view.getUint16(at + 4, true)];
    if (kind !== 0x0202 || end + 4 > bytes.length) throw other('has an object header of another version');
    if (lookup3(bytes.subarray(at, end)) !== view.getUint32(end, true)) throw other('has a wrong checksum');
    const messages: Message[] = [];
    for (let next = at + 10; next < end;) {
      const size = view.getUint16(next + 1, true);
      messages.push({ type: bytes[next]!, data: new DataView(bytes.buffer, bytes.byteOffset + next + 4, size) });
      next += 4 + size;
    }
    return messages;
  }
}

const long = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));
