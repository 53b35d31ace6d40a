import type { Clock, TrunklineError } from '@trunkline/protocol';
import type { Checkpoints, RunSnapshot } from './checkpoints.ts';
import type { ClientHandlers, Connection } from './gateway.ts';
import type { Journal } from './journal/journal.ts';
import type { FoundJournal } from './journal/read-journal.ts';
import type { Ledger } from './ledger.ts';
import type { Members } from './members.ts';
import type { Result } from './result.ts';
import type { Traffic } from './round-clock.ts';
import type { Point } from './round-events.ts';
import type { RunEvent, ScoredTask } from './run-events.ts';

/** How a run ended. */
export type Outcome =
  | {
      readonly kind: 'finished';
      readonly rounds: number;
      readonly sha256: string;
      readonly scores: readonly ScoredTask[];
      readonly seconds: number;
    }
  | { readonly kind: 'stopped'; readonly round: number }
  | { readonly kind: 'failed'; readonly error: TrunklineError };

/** Where a run goes on that was begun before. */
export interface Continuation {
  /** The newest checkpoint. */
  readonly snapshot: RunSnapshot;
  readonly points: readonly Point[];
  /** How it ended; null: it did not. */
  readonly result: Result | null;
}

/** The journal of a run, open for writing. */
export interface RunJournal {
  readonly journal: Journal;
  /** What it held when it was opened; undefined: nothing to go on from. */
  readonly found: FoundJournal | undefined;
  /** Bytes that it may take. */
  readonly budget: number;
}

export interface CoreDeps {
  readonly clock: Clock;
  /** null: nothing is kept, and nothing can be gone back to. */
  readonly checkpoints: Checkpoints | null;
  readonly ledger: Ledger;
  /** Left out: a new run. */
  readonly from?: Continuation | undefined;
  /** In modes that keep one: the journal. */
  readonly record?: RunJournal | null;
  /** Keeps how the run ended, before anyone hears of it. */
  readonly keepResult: (result: Result) => void;
  readonly emit: (event: RunEvent) => void;
  /** Bytes that the sockets carried so far. */
  readonly traffic: () => Traffic;
  readonly manifest: (machines: Record<string, unknown>) => void;
}

/** The run itself, behind the gateway: carries out what the round machine asks for and reports back to it. */
export interface Core {
  /** Starts waiting for clients; called once the door is open. */
  begin(): void;
  readonly members: Members;
  readonly done: Promise<Outcome>;
  connected(connection: Connection): ClientHandlers;
  disconnected(client: string, reason: string): void;
  pause(): void;
  resume(): void;
  stop(): void;
  /** The run cannot go on: something that it needs is gone. */
  fail(error: TrunklineError): void;
  /** What happened outside; after the end nothing is said any more. */
  emit(event: RunEvent): void;
  /** Goes back to the state before `round`, one of the checkpoints'. */
  rewind(round: number): void;
  status(): { phase: string; round: number; attempt: number; waitingFor: { clients: string[]; tasks: string[] } };
}
