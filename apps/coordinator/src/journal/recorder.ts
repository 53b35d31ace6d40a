import type { Journal, JournalPart } from './journal.ts';
import type { UploadsDeps } from '../uploads.ts';
import type { BaseRecord, JournalRecord } from './record.ts';

/** What the parts of a run write down as they work. Silent where no journal is kept, and while one is told again. */
export interface Recorder {
  /** For contributions as they come in; undefined where no journal is kept. */
  readonly contribution: UploadsDeps['record'];
  /** A journal is kept, and not being told again. */
  readonly keeps: boolean;
  note(record: JournalRecord, body?: Uint8Array): void;
  /** Resolves when all that was noted so far is on the disk; undefined: there is nothing to wait for. */
  durable(): Promise<void> | undefined;
  /** A checkpoint is on the disk: what lies before the oldest one that is kept is needed no more. */
  checkpoint(base: Omit<BaseRecord, 'kind' | 'following'>, parts: readonly JournalPart[], oldest: number): void;
  /** The journal has no checkpoint to begin with, or has grown so much since the last one that the next round should be one. */
  readonly full: boolean;
  /** Nothing is noted while `tell` runs. */
  hush<T>(tell: () => T): T;
}

/** Generations of checkpoints, and the one under way, share the budget. */
const SHARES = 4;

/** @param budget bytes that the journal may take on the disk */
export function createRecorder(journal: Journal | null, budget = Infinity): Recorder {
  let hushed = false;
  return {
    contribution: journal
      ? (client, message, bytes) => {
          journal.append({ kind: 'contribution', client, message }, bytes);
          return journal.durable();
        }
      : undefined,
    get keeps() {
      return journal !== null && !hushed;
    },
    note(record, body) {
      if (!hushed) journal?.append(record, body);
    },
    durable: () => journal?.durable(),
    checkpoint(base, parts, oldest) {
      journal?.rotate({ kind: 'base', ...base, following: parts.length }, parts);
      journal?.prune(oldest);
    },
    get full() {
      return journal !== null && (!journal.based || journal.sinceBase > budget / SHARES);
    },
    hush(tell) {
      hushed = true;
      try {
        return tell();
      } finally {
        hushed = false;
      }
    },
  };
}
