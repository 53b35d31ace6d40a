import { join } from 'node:path';
import type { TrunklineError } from '@trunkline/protocol';
import type { Disk } from '@trunkline/model/store';
import type { RunSnapshot } from '../checkpoints.ts';
import { readLoss, type JournalLoss } from './loss.ts';
import { cutTornTail, recordsOf, segmentsIn, type Entry, type Segment, type TornTail } from './segments.ts';

/** Folder of the journal in a run's. */
export const journalFolder = (runFolder: string): string => join(runFolder, 'journal');

/** A journal that a run goes on from. */
export interface FoundJournal {
  readonly segments: readonly Segment[];
  /** The checkpoint that the telling begins with; undefined: it begins with the run. */
  readonly snapshot: RunSnapshot | undefined;
  /** Records since then, in order. */
  readonly entries: () => Iterable<Entry>;
  /** What a crash left unfinished, now cut off. */
  readonly torn: TornTail | null;
  /** What was cut off because it was damaged, in this process or in one before; undefined: nothing ever was. */
  readonly loss: JournalLoss | undefined;
  /** Damage in segments that are not needed any more. */
  readonly damaged: readonly TrunklineError[];
}

/**
 * Finds where a run goes on by its journal: the newest base whose checkpoint is whole, and all records behind it. A checkpoint that is damaged
 * costs nothing but the time of telling more.
 * @param sound checkpoints that are whole, oldest first
 * @returns undefined where the journal does not reach back to any of them: it is empty, or was moved away
 * @throws JOURNAL_DAMAGED, JOURNAL_VERSION for a segment that is needed
 */
export function readJournal(disk: Disk, runFolder: string, sound: readonly RunSnapshot[]): FoundJournal | undefined {
  const folder = journalFolder(runFolder);
  const torn = cutTornTail(disk, folder);
  const segments = segmentsIn(disk, folder);
  if (segments.length === 0) return undefined;
  const snapshotOf = ({ base }: Segment) => sound.find(({ version }) => version === base?.round);
  const from = segments.findLast((segment) => snapshotOf(segment) !== undefined) ?? segments[0]!;
  const snapshot = snapshotOf(from);
  if (!snapshot && from.sequence > 0) return undefined;
  const needed = segments.filter(({ sequence }) => sequence >= from.sequence);
  for (const { problem } of needed) if (problem) throw problem;
  return {
    segments,
    snapshot,
    torn,
    loss: readLoss(disk, runFolder),
    damaged: segments.flatMap(({ problem }) => problem ?? []),
    *entries() {
      for (const { sequence } of needed) yield* recordsOf(disk, folder, sequence);
    },
  };
}

/** Puts a journal that cannot be told out of the way, unchanged. @returns its new name */
export function setJournalAside(disk: Disk, runFolder: string): string {
  const aside = nextAside(disk, runFolder);
  disk.rename(journalFolder(runFolder), aside);
  disk.syncFolder(runFolder);
  return aside;
}

/** The name that it will have. */
export function nextAside(disk: Disk, runFolder: string): string {
  for (let n = 1; ; n++) {
    const aside = `${journalFolder(runFolder)}.damaged-${n}`;
    if (disk.list(aside).length === 0) return aside;
  }
}
