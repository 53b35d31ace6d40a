import type { ErrorReport } from '@trunkline/protocol';

/** Version of the lines of `events.jsonl`; raised when a field changes its meaning. New events and fields may come without it. */
export const EVENTS_SCHEMA = 1;

export interface Conflicts {
  /** Row ids, the order of the matrix. */
  readonly tasks: readonly string[];
  /** Cosines between rows, row-major; null where a row is zero. */
  readonly cosines: readonly (number | null)[];
  readonly norms: readonly number[];
}

/** Everything that happens in a run, in the order in which it happens: what the terminal, the log and the dashboard show. */
export type RunEvent =
  | { event: 'listening'; run: string; url: string; dashboard: string | null; folder: string }
  | {
      event: 'joined';
      client: string;
      tasks: string[];
      labelled: Record<string, number>;
      backend: string;
      again: boolean;
    }
  | { event: 'left'; client: string; reason: string }
  /** A client's line broke in the middle of trunk `version`: when it is back it is sent what is missing of it. */
  | { event: 'interrupted'; client: string; version: number }
  | { event: 'refused'; client: string; message: string; error: ErrorReport }
  /** Which answers the step from trunk `round` is made of, in the order in which they are added; written before the next trunk goes out. */
  | { event: 'accepted'; round: number; answers: Accepted[] }
  /** An answer from a trunk more than `maxAge` versions old. */
  | { event: 'dropped'; client: string; age: number; maxAge: number }
  | { event: 'waiting'; clients: string[]; tasks: string[]; round: number }
  | {
      event: 'round';
      round: number;
      attempt: number;
      /** Row id → mean loss of its batch; null where not finite, absent where nothing was labelled. */
      losses: Record<string, number | null>;
      weights: Record<string, number> | null;
      stationary: boolean;
      clients: Record<string, ClientRound>;
      /** From the broadcast to the last answer; aggregation and trunk step; since the last round closed. */
      timing: { answersMs: number; aggregateMs: number; roundMs: number };
      bytes: { up: number; down: number };
    }
  | ({ event: 'conflicts'; round: number } & Conflicts)
  | { event: 'scores'; version: number; split: 'validation' | 'test'; tasks: ScoredTask[] }
  /** With `select: best`: the trunk that the test scores are of. */
  | { event: 'selected'; version: number; sha256: string }
  | { event: 'checkpoint'; round: number; file: string; sha256: string }
  | { event: 'rewound'; round: number; attempt: number }
  /** The coordinator was started again on its folder, whose newest checkpoint is of `round`; `attempt` was the last. */
  | { event: 'continued'; round: number; attempt: number }
  /** Trunk 0 comes from a file, but for slots that keep seeded values; tensors of it that the trunk has no slot for are of no use. */
  | { event: 'started-from'; file: string; sha256: string; seeded: string[]; unused: string[] }
  /** A file of the run folder is damaged and was set aside, or a torn last line was cut: what is there before it is used. */
  | {
      event: 'damaged';
      file: string;
      problem: string;
      /** Of a journal that was cut there: what is lost of what it told. */
      offset?: number;
      lost?: { rounds: number; contributions: number; unreadBytes: number };
    }
  /** A client came back without its saved state: it goes on with new heads. */
  | { event: 'anew'; client: string; round: number }
  /** A relay is in the run, or in it again: the client that its coordinator sees, and the round that is open. */
  | { event: 'relayed'; relay: string; round: number }
  /** The line between a relay and its coordinator broke; it comes back by itself. */
  | { event: 'cut-off'; relay: string; reason: string }
  | { event: 'paused' | 'resumed' | 'stopped'; round: number }
  | { event: 'finished'; rounds: number; sha256: string }
  | ({ event: 'error' } & ErrorReport);

/** One client's part in a round. */
export interface ClientRound {
  readonly waitMs: number;
  readonly stepMs: number;
  readonly sendMs: number;
  /** Labelled rows of its batches, summed over its tasks. */
  readonly rows?: number;
  /** Bytes that its line carried since the last round closed, both protocols' overhead included. */
  readonly up?: number;
  readonly down?: number;
}

/** One answer of mode `buffered`. */
export interface Accepted {
  readonly client: string;
  /** The client's own count of answers: with it the client draws its batch. */
  readonly call: number;
  /** The attempt that it was asked for in, where that is an earlier one than the step's. */
  readonly attempt?: number;
  /** The trunk that it was computed from. */
  readonly version: number;
  /** τ: versions between that trunk and the one it moved. */
  readonly age: number;
  /** s(τ), what its rows were multiplied by; 0: too old, dropped. */
  readonly scale: number;
}

export interface ScoredTask {
  task: string;
  client: string;
  loss: number | null;
  metrics: Record<string, number | null>;
}

export type Sink = (event: RunEvent, at: Date) => void;
