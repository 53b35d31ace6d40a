export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

interface Type {
  /** Bytes an element. */
  readonly size: number;
  readonly array: new (buffer: ArrayBuffer) => TypedArray;
}

/** Element types of the format that have a typed array here, in the order in which a file holds them: widest first keeps each aligned. */
const types = {
  U64: { size: 8, array: BigUint64Array },
  I64: { size: 8, array: BigInt64Array },
  F64: { size: 8, array: Float64Array },
  F32: { size: 4, array: Float32Array },
  U32: { size: 4, array: Uint32Array },
  I32: { size: 4, array: Int32Array },
  U16: { size: 2, array: Uint16Array },
  I16: { size: 2, array: Int16Array },
  I8: { size: 1, array: Int8Array },
  U8: { size: 1, array: Uint8Array },
} as const satisfies Record<string, Type>;

export type Dtype = keyof typeof types;
export const dtypes = Object.keys(types) as readonly Dtype[];

/** Bytes an element. */
export const sizeOfDtype = (dtype: Dtype): number => types[dtype].size;

/** The element type of a typed array, a Buffer counting as bytes; undefined for what the format cannot hold, such as clamped bytes. */
export function dtypeOf(value: unknown): Dtype | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  // By tag, not by instanceof: arrays may come from another realm.
  const tag = (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag];
  return dtypes.find((dtype) => types[dtype].array.name === tag);
}

/**
 * A new array over a copy of the bytes: those of a file need not be aligned. By `new Uint8Array`, not by `slice`: a Buffer's slice is
 * a view, and the array would span the whole file.
 */
export const arrayOf = (dtype: Dtype, bytes: Uint8Array): TypedArray =>
  new types[dtype].array(new Uint8Array(bytes).buffer);

export const bytesOf = (values: TypedArray): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
