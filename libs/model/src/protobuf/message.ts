/**
 * Protocol buffers as far as files of TensorBoard and ONNX need them (protobuf.dev, "Encoding"): a message is its fields one after the
 * other, each a key, which is its number and how its value is written, and the value.
 */

const VARINT = 0;
const EIGHT_BYTES = 1;
const LENGTH = 2;
const FOUR_BYTES = 5;

const encoder = new TextEncoder();

function varint(value: bigint): number[] {
  const found: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) found.push(Number(rest & 0x7fn) | 0x80);
  found.push(Number(rest));
  return found;
}

const key = (field: number, type: number): number[] => varint(BigInt((field << 3) | type));

/** A field of type int32, int64 or enum. @param value a safe integer; a negative one takes ten bytes */
export const int = (field: number, value: number): Uint8Array =>
  Uint8Array.from([...key(field, VARINT), ...varint(BigInt(value))]);

/** A field of type double. */
export function double(field: number, value: number): Uint8Array {
  const written = Uint8Array.from([...key(field, EIGHT_BYTES), 0, 0, 0, 0, 0, 0, 0, 0]);
  new DataView(written.buffer).setFloat64(written.length - 8, value, true);
  return written;
}

/** A field of type float. */
export function float(field: number, value: number): Uint8Array {
  const written = Uint8Array.from([...key(field, FOUR_BYTES), 0, 0, 0, 0]);
  new DataView(written.buffer).setFloat32(written.length - 4, value, true);
  return written;
}

/** A field of type bytes, or an embedded message. */
export const bytes = (field: number, value: Uint8Array): Uint8Array =>
  message([Uint8Array.from([...key(field, LENGTH), ...varint(BigInt(value.length))]), value]);

/** A field of type string. */
export const text = (field: number, value: string): Uint8Array => bytes(field, encoder.encode(value));

/** Fields in the order given. */
export function message(fields: readonly Uint8Array[]): Uint8Array {
  const written = new Uint8Array(fields.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const field of fields) {
    written.set(field, at);
    at += field.length;
  }
  return written;
}
