import { Packr } from 'msgpackr';
import { scanPacked } from './scan.ts';

/**
 * The only file that knows msgpackr. Records are off: they are an extension that other msgpack libraries cannot read.
 *
 * Tensors must never get in here: a default packer truncates the elements of a Float32Array to bytes and fills the rest
 * with uninitialised memory, in silence. `pack` refuses every typed array; chunks travel as raw frames beside the header.
 */
const options = {
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'number',
  // An optional key left undefined is left out: msgpackr would write an extension for it. Its types do not name this option.
  skipValues: [undefined],
  encodeUndefinedAsNil: true,
} as const;
const packr = new Packr(options);

/** A control message as bytes. The result is a copy of its own: the packer's pool buffer is not kept alive. */
export function pack(value: unknown): Uint8Array {
  refuseBinary(value, 0);
  return Uint8Array.from(packr.pack(value));
}

/** The value of packed bytes, which are looked over before anything is made of them. @throws as `scanPacked` */
export function unpack(bytes: Uint8Array): unknown {
  scanPacked(bytes);
  return packr.unpack(bytes);
}

function refuseBinary(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    throw new TypeError('binary data cannot be packed: send it as a chunk');
  if (depth > 32) throw new TypeError('a control message is nested deeper than 32 levels');
  for (const inner of Array.isArray(value) ? value : Object.values(value)) refuseBinary(inner, depth + 1);
}
