import type { AnsweredMessage, AnswerId } from '@trunkline/protocol';
import type { JournalPart } from './journal/journal.ts';
import type { ClosedRecord } from './journal/record.ts';
import type { DeskRecord } from './journal/replay.ts';
import type { Effect } from './round-events.ts';
import type { Accepted } from './run-events.ts';
import type { Answers, Row } from './trunk-step.ts';
import type { Uploads } from './uploads.ts';

/** Where clients are called to answer, and where their answers arrive. One kind a mode; the run behind it is the same. */
export interface Desk {
  /** A round opens. */
  open(effect: Extract<Effect, { do: 'open' }>): void;
  /** Calls a client, or calls it again: sends the round, and the trunk if it does not hold it. */
  ask(client: string): Promise<void>;
  /** A contribution follows. @throws CONTRIBUTION_STALE: nothing is due from this client */
  announce: Uploads['announce'];
  /** A part of it. @throws CONTRIBUTION_STALE, CONTRIBUTION_UNKNOWN */
  chunk: Uploads['chunk'];
  /** The client's answer is ready, and it has no credit to send it. @throws CONTRIBUTION_STALE */
  ready(client: string, message: AnswerId): void;
  /** Its line is gone. */
  left(client: string): void;
  /** Whose answer is ready and waits for room. */
  readonly waiting: readonly string[];
  /** The client says that its answer is complete. @throws MESSAGE_INVALID, CONTRIBUTION_STALE */
  answered(client: string, message: AnsweredMessage): void;
  /**
   * Takes the answer in, right before the round machine hears of it: what closes then is what the machine counted. The versions between
   * its trunk and the newest, where it is too old to count; otherwise null.
   */
  settle(client: string): number | null;
  /**
   * What was asked is not wanted any more: it is asked anew under this attempt.
   * @returns contributions that had come in for it
   */
  renew(attempt: number): number;
  /** Everything since the round opened, in its fixed order. */
  close(): ClosedRound;
  /** Mode `buffered`: answers of each client so far. */
  readonly counts: () => Readonly<Record<string, number>>;
  readonly restoreCounts: (counts: Readonly<Record<string, number>>) => void;
  /** What is in the air, as the journal tells it. */
  pending(): JournalPart[];
  /** Hears from the journal what it heard before. Nobody is asked and nothing is written. */
  retell(record: DeskRecord, body: Uint8Array): void;
}

export interface ClosedRound {
  readonly answers: Answers;
  /** Rows for the conflict matrix, where the round asked for them. */
  readonly probes: readonly Row[];
  /** Row id → loss. */
  readonly losses: ReadonlyMap<string, number | null>;
  readonly timings: ReadonlyMap<string, AnsweredMessage['timing']>;
  /** Which answers made the trunk's step, where that depends on timing; null where it does not. */
  readonly accepted: readonly Accepted[] | null;
  /** Whose answers were added, in that order. */
  readonly counted: ClosedRecord['accepted'];
}

/** What a desk keeps of each answer beside its rows. */
export function answerBook() {
  const losses = new Map<string, number | null>();
  const timings = new Map<string, AnsweredMessage['timing']>();
  return {
    losses,
    timings,
    note(client: string, message: AnsweredMessage, rowIds: Readonly<Record<string, string>>) {
      timings.set(client, message.timing);
      for (const { task, loss, labelled } of message.losses) if (labelled > 0) losses.set(rowIds[task]!, loss);
    },
    clear() {
      losses.clear();
      timings.clear();
    },
  };
}
