import { crc32 } from 'node:zlib';

/**
 * How one record lies in a segment: 16 bytes of prefix (bytes of the head, bytes of the body, CRC-32 of both, CRC-32 of the prefix so far; little-endian
 * u32 each), the head as JSON in UTF-8, the body as it is, a line feed. CRC-32 is zlib's (IEEE 802.3): any change of up to 32 bits in a row is found, and
 * the runtime computes it natively, which it does not for Castagnoli's polynomial.
 */
export const PREFIX = 16;

/** No record ends in a zero: what a file system leaves of bytes that never arrived does. */
const END = Uint8Array.of(0x0a);

/** Disks write whole sectors of this many bytes, or larger ones. */
const SECTOR = 512;

/** Bytes of a head at most: a record that claims more is damaged, and nothing is allocated for it. */
const LARGEST_HEAD = 64 * 1024 * 1024;

export interface Frame {
  readonly head: unknown;
  readonly body: Uint8Array;
  /** Where the next record begins. */
  readonly end: number;
}

/** What stands at a place of a segment. `torn`: a write that a crash cut off; it was never acknowledged. `damaged`: bytes changed since. */
export type Reading =
  | { readonly is: 'record'; readonly frame: Frame }
  | { readonly is: 'end' }
  | { readonly is: 'torn' }
  | { readonly is: 'damaged'; readonly problem: string };

const NOTHING = new Uint8Array(0);

/** The parts of a record in the order in which they are written; the body is not copied. */
export function frame(head: unknown, body: Uint8Array = NOTHING): readonly Uint8Array[] {
  const text = Buffer.from(JSON.stringify(head), 'utf8');
  const start = Buffer.alloc(PREFIX + text.length);
  text.copy(start, PREFIX);
  start.writeUInt32LE(text.length, 0);
  start.writeUInt32LE(body.length, 4);
  start.writeUInt32LE(crc32(body, crc32(text)), 8);
  start.writeUInt32LE(crc32(start.subarray(0, 12)), 12);
  return body.length > 0 ? [start, body, END] : [start, END];
}

/**
 * Reads the record at `at`. Where a file may end in a cut-off write, that is told from damage: a cut-off write is a beginning of a record
 * and then nothing, or zeros to the end of the file, from the record's first byte or from a sector on, where a file system knew the new length
 * before it had the bytes. A changed byte leaves the length and the last line feed as they were.
 */
export function readFrame(bytes: Uint8Array, at: number): Reading {
  const left = bytes.length - at;
  if (left === 0) return { is: 'end' };
  if (left < PREFIX) return { is: 'torn' };
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, PREFIX);
  const headBytes = view.getUint32(0, true);
  const bodyBytes = view.getUint32(4, true);
  const sum = view.getUint32(8, true);
  const check = view.getUint32(12, true);
  if (crc32(bytes.subarray(at, at + 12)) !== check)
    return unfinished(bytes, at, 'a record’s prefix does not match its CRC');
  if (headBytes > LARGEST_HEAD) return { is: 'damaged', problem: `a record says that its head has ${headBytes} bytes` };
  const end = at + PREFIX + headBytes + bodyBytes + END.length;
  if (end > bytes.length) return { is: 'torn' };
  const payload = bytes.subarray(at + PREFIX, end - END.length);
  if (crc32(payload) !== sum) return unfinished(bytes, at, 'a record does not match its CRC');
  if (bytes[end - 1] !== END[0]) return unfinished(bytes, at, 'a record does not end in a line feed');
  const head: unknown = JSON.parse(Buffer.from(payload.subarray(0, headBytes)).toString('utf8'));
  return { is: 'record', frame: { head, body: payload.subarray(headBytes), end } };
}

function unfinished(bytes: Uint8Array, at: number, problem: string): Reading {
  let zeros = bytes.length;
  while (zeros > at && bytes[zeros - 1] === 0) zeros--;
  const sector = Math.ceil(zeros / SECTOR) * SECTOR;
  return zeros === at || sector < bytes.length ? { is: 'torn' } : { is: 'damaged', problem };
}
