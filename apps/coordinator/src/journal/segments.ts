import { join } from 'node:path';
import { fail, toTrunklineError, type TrunklineError } from '@trunkline/protocol';
import type { Disk } from '@trunkline/model/store';
import { readFrame } from './frame.ts';
import { JOURNAL_FORMAT, type BaseRecord, type JournalRecord, type SegmentHead } from './record.ts';

/** A file of the journal: `NNNNNN.journal`. */
export interface Segment {
  readonly sequence: number;
  readonly file: string;
  /** The checkpoint that it begins with, with all that followed it at once; null: it goes on from the segment before. */
  readonly base: BaseRecord | null;
  /** Up to this byte it can be told; a checkpoint whose following is not whole cannot. */
  readonly sound: number;
  /** What is wrong with it; null: nothing. */
  readonly problem: TrunklineError | null;
}

/** A record as it was read. */
export interface Entry {
  readonly record: JournalRecord;
  readonly body: Uint8Array;
  readonly file: string;
  readonly offset: number;
  /** Where the next one begins. */
  readonly end: number;
}

export const segmentFile = (folder: string, sequence: number): string =>
  join(folder, `${String(sequence).padStart(6, '0')}.journal`);

/** Sequences of the segments in a folder, ascending. */
export const sequencesIn = (disk: Disk, folder: string): number[] =>
  disk
    .list(folder)
    .filter((name) => /^\d+\.journal$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);

/** What a crash left behind an unfinished write: cut off, it was acknowledged to nobody. */
export interface TornTail {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Cuts off what a crash left unfinished at the end of the newest segment; a segment without a whole first record is removed. Doing it
 * again does nothing. @returns what was cut, or null
 * @throws JOURNAL_DAMAGED
 */
export function cutTornTail(disk: Disk, folder: string): TornTail | null {
  const sequence = sequencesIn(disk, folder).at(-1);
  if (sequence === undefined) return null;
  const file = segmentFile(folder, sequence);
  const bytes = read(disk, file);
  let offset = 0;
  for (;;) {
    const reading = readFrame(bytes, offset);
    if (reading.is === 'record') {
      offset = reading.frame.end;
      continue;
    }
    if (reading.is === 'damaged') throw damaged(file, offset, reading.problem);
    if (reading.is === 'end' && offset > 0) {
      // A crash may have come between its last record and the sync: whoever goes on from it relies on it.
      const handle = disk.open(file, 'append');
      handle.sync();
      handle.close();
      disk.syncFolder(folder);
      return null;
    }
    if (offset === 0) {
      disk.remove(file);
      disk.syncFolder(folder);
      return bytes.length > 0 ? { file, offset, bytes: bytes.length } : null;
    }
    const handle = disk.open(file, 'append');
    handle.truncate(offset);
    handle.sync();
    handle.close();
    return { file, offset, bytes: bytes.length - offset };
  }
}

/** Reads a segment's records, its head left out. @throws JOURNAL_DAMAGED, JOURNAL_VERSION */
export function* recordsOf(disk: Disk, folder: string, sequence: number): Generator<Entry> {
  const file = segmentFile(folder, sequence);
  const bytes = read(disk, file);
  let offset = 0;
  for (;;) {
    const reading = readFrame(bytes, offset);
    if (reading.is === 'end' && offset > 0) return;
    if (reading.is === 'damaged') throw damaged(file, offset, reading.problem);
    if (reading.is !== 'record') throw damaged(file, offset, 'it ends in the middle of a record');
    const { head, body, end } = reading.frame;
    if (offset === 0) checkHead(file, sequence, head as SegmentHead);
    else yield { record: head as JournalRecord, body, file, offset, end };
    offset = end;
  }
}

/**
 * The segments of a folder, each with the checkpoint that it begins with. All of them are read to the end: a changed byte anywhere is
 * found, and a segment that is missing.
 */
export function segmentsIn(disk: Disk, folder: string): Segment[] {
  const [first = 0, ...others] = sequencesIn(disk, folder);
  const last = others.at(-1) ?? first;
  if (sequencesIn(disk, folder).length === 0) return [];
  return Array.from({ length: last - first + 1 }, (_, i) => surveyed(disk, folder, first + i));
}

function surveyed(disk: Disk, folder: string, sequence: number): Segment {
  const file = segmentFile(folder, sequence);
  let base: BaseRecord | null = null;
  let following = 0;
  let begins = 0;
  let sound = 0;
  const found = (problem: TrunklineError | null): Segment => {
    const whole = following === 0;
    return { sequence, file, base: whole ? base : null, sound: whole ? sound : begins, problem };
  };
  try {
    for (const { record, offset, end } of recordsOf(disk, folder, sequence)) {
      if (sound === 0) begins = offset;
      if (sound === 0 && record.kind === 'base') [base, following] = [record, record.following];
      else if (following > 0) following--;
      sound = end;
    }
    return found(null);
  } catch (thrown) {
    return found(toTrunklineError(thrown));
  }
}

function checkHead(file: string, sequence: number, head: SegmentHead): void {
  if (head.kind !== 'segment') throw damaged(file, 0, 'it does not begin with a segment’s head');
  // An older one only lacks kinds of records.
  if (!(head.format >= 1 && head.format <= JOURNAL_FORMAT))
    throw fail('JOURNAL_VERSION', { file, found: head.format, expected: JOURNAL_FORMAT });
  if (head.sequence !== sequence) throw damaged(file, 0, `it is segment ${head.sequence} under another name`);
}

function read(disk: Disk, file: string): Uint8Array {
  const bytes = disk.read(file);
  if (!bytes) throw damaged(file, 0, 'the file is missing');
  return bytes;
}

const damaged = (file: string, offset: number, problem: string) => fail('JOURNAL_DAMAGED', { file, offset, problem });
