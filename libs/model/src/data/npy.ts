import { fail } from '@trunkline/protocol';
import { sizeOf, type Shape } from '../layout.ts';

export type NumberArray =
  Float32Array | Float64Array | Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

/** Numbers in C order: the last axis runs fastest. */
export interface NdArray {
  readonly shape: Shape;
  readonly values: NumberArray;
}

type Read = (view: DataView, at: number, little: boolean) => number;
interface Type {
  readonly bytes: number;
  readonly array: new (length: number) => NumberArray;
  readonly read: Read;
}

/**
 * Numbers of 64 bits become float64, exact up to 2^53; half floats become float32, exact.
 * Keys are NumPy's kind and size; see also the type codes of idx.
 */
export const NUMBER_TYPES: Readonly<Record<string, Type>> = {
  b1: { bytes: 1, array: Uint8Array, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  u1: { bytes: 1, array: Uint8Array, read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, array: Int8Array, read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, array: Uint16Array, read: (view, at, little) => view.getUint16(at, little) },
  i2: { bytes: 2, array: Int16Array, read: (view, at, little) => view.getInt16(at, little) },
  u4: { bytes: 4, array: Uint32Array, read: (view, at, little) => view.getUint32(at, little) },
  i4: { bytes: 4, array: Int32Array, read: (view, at, little) => view.getInt32(at, little) },
  u8: { bytes: 8, array: Float64Array, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  i8: { bytes: 8, array: Float64Array, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  f2: { bytes: 2, array: Float32Array, read: (view, at, little) => half(view.getUint16(at, little)) },
  f4: { bytes: 4, array: Float32Array, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, array: Float64Array, read: (view, at, little) => view.getFloat64(at, little) },
};

/**
 * Reads NumPy's npy format, versions 1 to 3 (NumPy Enhancement Proposal 1), either byte order, C order only.
 * `name` is what errors call it. @throws DATA_FILE_BROKEN
 */
export function readNpy(bytes: Uint8Array, name: string): NdArray {
  const broken = (problem: string) => fail('DATA_FILE_BROKEN', { file: name, format: 'npy', problem });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) {
    throw broken('it does not begin as an npy file does.');
  }
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw broken(`version ${version} of the format is not known; 1 to 3 are.`);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw broken('it ends within its header.');
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const data = start + length;
  if (bytes.length < data) throw broken('it ends within its header.');
  const header = Buffer.from(bytes.subarray(start, data)).toString(version === 3 ? 'utf8' : 'latin1');

  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const sides = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (order === undefined || sides === undefined) throw broken(`its header cannot be read: ${header.trim()}`);
  const type = descr === undefined ? undefined : NUMBER_TYPES[descr.slice(1)];
  if (type === undefined || !'<>|='.includes(descr![0]!)) {
    const found = descr === undefined ? 'a structured type' : `the type ${descr}`;
    throw broken(`it holds ${found}, not plain numbers. Convert it, e.g. array.astype('float32').`);
  }
  const shape = sides.split(',').flatMap((side) => (side.trim() === '' ? [] : [Number(side)]));
  if (order === 'True' && shape.filter((side) => side > 1).length > 1) {
    throw broken('it is in Fortran order. Save it again with numpy.ascontiguousarray(array).');
  }
  return numbersOf(bytes.subarray(data), { type, shape, little: descr![0] !== '>', broken });
}

/** `shape` numbers of `type` from the start of `bytes`; `broken` makes the error for a length that does not fit. */
export function numbersOf(
  bytes: Uint8Array,
  form: { type: Type; shape: Shape; little: boolean; broken: (problem: string) => Error },
): NdArray {
  const { type, shape, little, broken } = form;
  const count = sizeOf(shape);
  if (!Number.isSafeInteger(count) || count < 0) throw broken(`its shape [${shape.join(', ')}] is not possible.`);
  if (bytes.length !== count * type.bytes) {
    const expected = `shape [${shape.join(', ')}] needs ${count * type.bytes} bytes of data`;
    throw broken(`${expected}, the file holds ${bytes.length}.`);
  }
  if (type === NUMBER_TYPES.u1) return { shape, values: bytes };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new type.array(count);
  for (let i = 0; i < count; i++) values[i] = type.read(view, i * type.bytes, little);
  return { shape, values };
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
