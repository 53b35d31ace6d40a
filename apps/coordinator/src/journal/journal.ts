import { fail, type TrunklineError } from '@trunkline/protocol';
import type { Disk, DiskFile } from '@trunkline/model/store';
import { frame } from './frame.ts';
import { JOURNAL_FORMAT, type BaseRecord, type JournalRecord, type SegmentHead } from './record.ts';
import { segmentFile, sequencesIn, type Segment } from './segments.ts';

/** A segment that has grown past this is followed by a new one, so that a journal is removed in pieces. */
const SEGMENT_BYTES = 64 * 1024 * 1024;

/**
 * The record of a run: every contribution before it is acknowledged, every step before its trunk goes out. Appending hands the bytes to the
 * system; `durable` promises the disk. Many appends share one sync.
 */
export interface Journal {
  /** @throws STORAGE_FAILED, now and from then on */
  append(record: JournalRecord, body?: Uint8Array): void;
  /** Resolves when all that was appended so far is on the disk. */
  durable(): Promise<void>;
  /** A checkpoint was taken: begins a new segment with what it needs. */
  rotate(base: BaseRecord, following: readonly JournalPart[]): void;
  /** Removes segments that only checkpoints older than `round` need. */
  prune(round: number): void;
  /** It holds a checkpoint that a run can go on from. */
  readonly based: boolean;
  /** Bytes appended since the last rotation at a checkpoint. */
  readonly sinceBase: number;
  /** Waits for what is under way, and closes. */
  close(): Promise<void>;
}

export interface JournalPart {
  readonly record: JournalRecord;
  readonly body?: Uint8Array;
}

export interface JournalOptions {
  readonly disk: Disk;
  readonly folder: string;
  /** What lies there already, as it was read. */
  readonly segments: readonly Segment[];
  /** Number of the first segment ever: 0 tells a run from its beginning, a later one only from a checkpoint on. */
  readonly first?: number;
  /** Keeps every segment: for a replay of the whole run. */
  readonly keep?: boolean;
  readonly segmentBytes?: number;
  /** Called once when the disk fails: nothing can be promised from then on. */
  readonly failed: (error: TrunklineError) => void;
}

/** Opens the journal for writing, in a new segment. What is there already was read, and cut, before. @throws STORAGE_FAILED */
export function openJournal({
  disk,
  folder,
  segments,
  first = 0,
  keep = false,
  segmentBytes = SEGMENT_BYTES,
  failed,
}: JournalOptions): Journal {
  let broken: TrunklineError | null = null;
  let opened = false;
  let sequence = -1;
  let file: DiskFile;
  let written = 0;
  let sinceBase = 0;
  let unsynced = false;
  let running: Promise<void> | null = null;
  let following: Promise<void> | null = null;
  /** Round of the base of each segment; segments without one belong to the base before. */
  const bases = new Map(segments.flatMap(({ sequence, base }) => (base ? [[sequence, base.round]] : [])));

  const attempt = <T>(act: () => T): T => {
    if (broken) throw broken;
    try {
      return act();
    } catch (cause) {
      throw breaks(cause);
    }
  };
  const breaks = (cause: unknown): TrunklineError => {
    if (broken) return broken;
    broken = fail('STORAGE_FAILED', { file: segmentFile(folder, sequence), reason: (cause as Error).message }, cause);
    // Before it is open, whoever opens it is told.
    if (opened) failed(broken);
    return broken;
  };
  const put = (head: JournalRecord | SegmentHead, body?: Uint8Array) => {
    for (const part of frame(head, body)) {
      file.write(part);
      written += part.length;
      sinceBase += part.length;
    }
    unsynced = true;
  };
  const begin = (next: number) => {
    const before = sequence >= 0 ? file : null;
    // What comes next must never be on the disk without what came before.
    before?.sync();
    if (before) void Promise.resolve(running).finally(() => before.close());
    sequence = next;
    file = disk.open(segmentFile(folder, sequence), 'append');
    written = 0;
    put({ kind: 'segment', format: JOURNAL_FORMAT, sequence });
    disk.syncFolder(folder);
  };

  attempt(() => {
    disk.makeFolder(folder);
    begin((sequencesIn(disk, folder).at(-1) ?? first - 1) + 1);
  });
  opened = true;

  const sync = async (): Promise<void> => {
    // A turn of the loop's micro-tasks: what is appended meanwhile is in this sync too.
    await Promise.resolve();
    unsynced = false;
    try {
      await file.synced();
    } catch (cause) {
      throw breaks(cause);
    }
  };
  const begun = () => {
    running = sync().finally(() => (running = null));
    running.catch(() => undefined);
    return running;
  };

  return {
    append(record, body) {
      attempt(() => {
        if (written > segmentBytes) begin(sequence + 1);
        put(record, body);
      });
    },
    durable() {
      if (broken) return Promise.reject(broken);
      if (running) {
        if (!unsynced) return running;
        following ??= running.then(() => {
          following = null;
          return begun();
        });
        following.catch(() => undefined);
        return following;
      }
      return unsynced ? begun() : Promise.resolve();
    },
    rotate(base, parts) {
      attempt(() => {
        begin(sequence + 1);
        sinceBase = 0;
        bases.set(sequence, base.round);
        put(base);
        for (const { record, body } of parts) put(record, body);
      });
    },
    prune(round) {
      if (keep) return;
      attempt(() => {
        const needed = [...bases].filter(([, at]) => at >= round).map(([segment]) => segment);
        if (needed.length === 0) return;
        const from = Math.min(...needed);
        const old = sequencesIn(disk, folder).filter((segment) => segment < from);
        for (const segment of old) {
          disk.remove(segmentFile(folder, segment));
          bases.delete(segment);
        }
        if (old.length > 0) disk.syncFolder(folder);
      });
    },
    get based() {
      return bases.size > 0;
    },
    get sinceBase() {
      return sinceBase;
    },
    async close() {
      try {
        while (running || following) await (following ?? running);
      } catch {
        // Whoever waited for it was told.
      }
      if (!broken) file.sync();
      file.close();
    },
  };
}
