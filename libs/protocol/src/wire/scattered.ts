import { putBytes } from './put-bytes.ts';

/** Bytes that belong together, in one run or in several that lie apart, in order: a large frame as it came off the line. */
export type Scattered = Uint8Array | readonly Uint8Array[];

/** Whether an argument that came over the line is bytes at all. */
export const isScattered = (value: unknown): value is Scattered =>
  value instanceof Uint8Array || (Array.isArray(value) && value.every((part) => part instanceof Uint8Array));

export const sizeOf = (bytes: Scattered): number =>
  bytes instanceof Uint8Array ? bytes.byteLength : bytes.reduce((sum, part) => sum + part.byteLength, 0);

/** Copies bytes `[from, until)` of `bytes` into `into`, from byte `at` on. */
export function putScattered(
  into: Uint8Array,
  bytes: Scattered,
  { from, until, at }: { from: number; until: number; at: number },
): void {
  let before = 0;
  for (const part of bytes instanceof Uint8Array ? [bytes] : bytes) {
    const [start, end] = [Math.max(from, before), Math.min(until, before + part.byteLength)];
    if (start < end) putBytes(into, part.subarray(start - before, end - before), at + start - from);
    before += part.byteLength;
  }
}
