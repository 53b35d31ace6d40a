import type { AnsweredMessage, ContributionMessage, Join, TaskOffer } from '@trunkline/protocol';
import type { Asked } from '../intake.ts';
import type { Effect, RoundsEvent, Scoring } from '../round-events.ts';
import type { Accepted, ScoredTask } from '../run-events.ts';

/** Version of the records below, of their frame and of their order. */
export const JOURNAL_FORMAT = 2;

/** A seat as it was taken: what the client brings, and the machine it runs on. */
export interface SeatedRecord {
  readonly kind: 'seated';
  readonly client: string;
  readonly offers: readonly TaskOffer[];
  readonly machine: Join['machine'] | null;
  readonly cold: boolean;
}

/** A round opens for these clients, with these λ. */
export interface OpenedRecord {
  readonly kind: 'opened';
  readonly round: number;
  readonly attempt: number;
  readonly asked: readonly Asked[];
  readonly probe: boolean;
  readonly checkpoint: boolean;
}

/** Mode `buffered`: a client is called to its next answer, from this trunk; once more from each newer one when it is asked again. */
export interface CalledRecord {
  readonly kind: 'called';
  readonly client: string;
  /** The client's own count of answers. */
  readonly round: number;
  readonly attempt: number;
  readonly version: number;
  readonly asked: Asked;
  readonly probe: boolean;
}

/** A verified contribution; its bytes are the record's body. Nothing acknowledges it before this record is on the disk. */
export interface ContributionRecord {
  readonly kind: 'contribution';
  readonly client: string;
  readonly message: ContributionMessage;
}

/** A client said that its answer is complete: losses, how many contributions, timing. */
export interface AnsweredRecord {
  readonly kind: 'answered';
  readonly client: string;
  readonly message: AnsweredMessage;
}

/** The step that an answered set made. On the disk before the trunk that came of it goes out. */
export interface ClosedRecord {
  readonly kind: 'closed';
  readonly round: number;
  readonly attempt: number;
  /** What was counted, in the order in which it was added. */
  readonly accepted: readonly (Pick<Accepted, 'client' | 'call'> & Partial<Accepted>)[];
  /** SHA-256 of trunk round + 1. */
  readonly sha256: string;
}

/** What a client scored. */
export interface ScoresRecord {
  readonly kind: 'scores';
  readonly client: string;
  readonly version: number;
  readonly split: Scoring;
  readonly tasks: readonly ScoredTask[];
}

/** Something happened to the round machine; it is told again in this order. */
export interface HeardRecord {
  readonly kind: 'heard';
  readonly event: RoundsEvent;
}

/** Only behind a base: this client's answer was taken in already. */
export interface HeldRecord {
  readonly kind: 'held';
  readonly client: string;
}

/** Mode `buffered`: what had come in of this client's open answer is forgotten. It will be sent again. */
export interface ForgottenRecord {
  readonly kind: 'forgotten';
  readonly client: string;
}

/** Only behind a base: an answer that was too old to count. The next step names it, and needs none of its bytes. */
export interface DroppedRecord {
  readonly kind: 'dropped';
  readonly client: string;
  /** The client's own count of answers. */
  readonly round: number;
  readonly attempt: number;
  readonly asked: Asked;
  readonly version: number;
  readonly age: number;
  readonly message: AnsweredMessage;
}

/** All that a run is besides its trunk, at the checkpoint of this round. What was in the air follows as records of its own. */
export interface BaseRecord {
  readonly kind: 'base';
  readonly round: number;
  readonly attempt: number;
  /** SHA-256 of the checkpoint that this belongs to. */
  readonly sha256: string;
  /** State of the round machine, as plain JSON. */
  readonly machine: unknown;
  readonly seats: readonly SeatedRecord[];
  /** Mode `buffered`: answers of each client so far. */
  readonly counts: Readonly<Record<string, number>>;
  /** Scores of the last evaluation. */
  readonly scores: readonly ScoredTask[];
  /** What the machine had asked for when the checkpoint was taken: it follows. */
  readonly due: readonly Effect[];
  /** How many records behind it say what was in the air. */
  readonly following: number;
}

export type JournalRecord =
  | BaseRecord
  | SeatedRecord
  | OpenedRecord
  | CalledRecord
  | ContributionRecord
  | AnsweredRecord
  | ClosedRecord
  | ScoresRecord
  | HeardRecord
  | HeldRecord
  | ForgottenRecord
  | DroppedRecord;

/** The first record of each segment. */
export interface SegmentHead {
  readonly kind: 'segment';
  readonly format: number;
  /** Counts segments from 0; the file's name says the same. */
  readonly sequence: number;
}
