import { crc32 } from 'node:zlib';
import { PREFIX, readFrame } from './frame.ts';
import type { JournalRecord } from './record.ts';

/** What a stretch of a damaged segment still tells. */
export interface Readable {
  /** Records in their order; of one whose bytes changed, its kind where that can still be read. */
  readonly records: readonly Readonly<Partial<JournalRecord>>[];
  /** Bytes that tell nothing any more. */
  readonly unread: number;
}

/**
 * Reads a segment from `at` to its end, over damage: behind a record that does not match, the next place that begins a whole one is looked for.
 * Only for counting what is lost; nothing is trained with it.
 */
export function readableFrom(bytes: Uint8Array, at: number): Readable {
  const records: Partial<JournalRecord>[] = [];
  let unread = 0;
  let offset = at;
  while (offset < bytes.length) {
    const reading = readFrame(bytes, offset);
    if (reading.is === 'record') {
      records.push(reading.frame.head as JournalRecord);
      offset = reading.frame.end;
      continue;
    }
    const kind = kindAt(bytes, offset);
    if (kind) records.push(kind);
    const next = nextRecord(bytes, offset + 1);
    if (!kind) unread += next - offset;
    offset = next;
  }
  return { records, unread };
}

/** Each record ends in a line feed, and the first byte of the next one is the low byte of its head's length. */
function nextRecord(bytes: Uint8Array, from: number): number {
  for (let end = bytes.indexOf(0x0a, from); end >= 0; end = bytes.indexOf(0x0a, end + 1))
    if (readFrame(bytes, end + 1).is === 'record') return end + 1;
  return bytes.length;
}

/** The head of a record whose lengths are as they were written: a changed byte lies in its body, or does no harm to its form. */
function kindAt(bytes: Uint8Array, at: number): Partial<JournalRecord> | null {
  if (bytes.length - at < PREFIX) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, PREFIX);
  if (crc32(bytes.subarray(at, at + 12)) !== view.getUint32(12, true)) return null;
  try {
    return JSON.parse(
      Buffer.from(bytes.subarray(at + PREFIX, at + PREFIX + view.getUint32(0, true))).toString('utf8'),
    ) as Partial<JournalRecord>;
  } catch {
    // Its form is gone with it.
    return null;
  }
}
