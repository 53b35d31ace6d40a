import type { TrunklineError } from '@trunkline/protocol';

/** The words of the round machine in `rounds.ts`: its configuration, its state, what happens to it and what it asks for. */
export interface RoundsConfig {
  readonly rounds: number;
  /** Tasks to wait for before round 0; a task served by two replicas stands twice. */
  readonly expect: readonly string[];
  /** Tasks that may come and go: a client that brings nothing else is not waited for once it has said goodbye. */
  readonly optional: readonly string[];
  /** The same for every client. */
  readonly mayLeave: boolean;
  /** Trunks N, 2N, … and the last are scored. */
  readonly evaluateEvery: number;
  /** Every N-th round asks for rows in addition; 0: never. */
  readonly probeEvery: number;
  /** Every N-th round is a common point to return to; 0: none is. */
  readonly checkpointEvery: number;
  /** Called once the validation scores of a trunk are in; true: the run ends with this trunk. */
  readonly enough?: () => boolean;
  readonly onMissing: 'wait' | 'proceed';
  readonly deadlineMs: number;
  readonly giveUpAfterMs: number;
}

export interface Seat {
  readonly client: string;
  readonly tasks: readonly string[];
  connected: boolean;
  /** Rounds that its saved states are of. */
  holds: readonly number[];
  /** It has answered, or goes on from a saved state: a process without one has lost something. */
  began: boolean;
}

/** A point to return to, with what the machine knew there. */
export interface Point {
  readonly round: number;
  readonly streaks: readonly (readonly [string, number])[];
  /** The run ended early with this trunk: only its test scores may be missing. */
  readonly enough?: boolean;
}

/** Where a coordinator that was started again goes on. */
export interface Resumption {
  /** The newest checkpoint's. */
  readonly round: number;
  /** The last one that anyone was told. */
  readonly attempt: number;
  readonly points: readonly Point[];
  /** It is over already. */
  readonly finished?: boolean;
}

/** The round that a client's heads are ready for, and under which attempt they came there. */
export interface Standing {
  readonly round: number;
  readonly attempt: number;
}

/** Which split is being scored. */
export type Scoring = 'validation' | 'test';
export type Phase = 'gathering' | 'training' | 'evaluating' | 'finished' | 'ended';

export interface RoundsState {
  phase: Phase;
  /** The open round, or the next one; also the version of the trunk that it starts from. */
  round: number;
  attempt: number;
  /** The round that this attempt began with. */
  base: number;
  /** Points that can be returned to, oldest first. */
  checkpoints: readonly Point[];
  /** Goes on from its folder: once all are there, everyone returns to a common round. */
  resumed: boolean;
  seats: Map<string, Seat>;
  /** Clients whose answer to the open round or evaluation is due. */
  asked: Set<string>;
  answered: Set<string>;
  /** The deadline passed with answers missing. */
  overdue: boolean;
  paused: boolean;
  scoring: Scoring[];
  /** The trunk of this round is the last, though more rounds were planned. */
  enough: boolean;
  /** Rounds in a row in which a client's task had no finite loss. */
  streaks: Map<string, number>;
}

export type RoundsEvent =
  | {
      readonly type: 'joined';
      readonly client: string;
      readonly tasks: readonly string[];
      /** Left out: a process that has neither answered nor found a saved state. */
      readonly stands?: Standing | undefined;
      /** Rounds that its saved states are of. */
      readonly holds?: readonly number[];
    }
  /** `goodbye`: it ended on purpose; otherwise its line broke and it may be back. */
  | { readonly type: 'left'; readonly client: string; readonly goodbye: boolean }
  | {
      readonly type: 'answered';
      readonly client: string;
      readonly round: number;
      readonly attempt: number;
      readonly diverged: readonly string[];
      readonly sound: readonly string[];
      /** Came from a trunk too old to count. */
      readonly stale?: boolean;
    }
  | { readonly type: 'closed'; readonly round: number }
  | {
      readonly type: 'scored';
      readonly client: string;
      readonly version: number;
      readonly split: 'validation' | 'test';
    }
  | { readonly type: 'timer'; readonly timer: Timer }
  | { readonly type: 'rewind'; readonly round: number }
  /** Part of the record is lost: what was asked is asked anew, under a later attempt. */
  | { readonly type: 'renew'; readonly attempt: number }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'stop' };

/** A timer carries what it was set for: one that rings late is recognised and ignored. */
export type Timer = {
  readonly name: 'deadline' | 'give-up';
  readonly phase: Phase;
  readonly round: number;
  readonly attempt: number;
};

export type Effect =
  | {
      readonly do: 'open';
      readonly round: number;
      readonly attempt: number;
      readonly clients: readonly string[];
      readonly probe: boolean;
      readonly checkpoint: boolean;
    }
  /** Calls one client, which is free, to its next answer. */
  | { readonly do: 'ask'; readonly client: string }
  | { readonly do: 'repeat'; readonly client: string }
  | { readonly do: 'close'; readonly round: number; readonly attempt: number; readonly clients: readonly string[] }
  | {
      readonly do: 'evaluate';
      readonly version: number;
      readonly attempt: number;
      readonly clients: readonly string[];
      readonly split: Scoring;
    }
  | { readonly do: 'scored'; readonly version: number; readonly split: Scoring }
  /** Everyone goes back to before `round`; clients in `anew` hold no state of it and begin with new heads. */
  | { readonly do: 'rewind'; readonly round: number; readonly attempt: number; readonly anew: readonly string[] }
  /** One client, which missed that, follows. */
  | { readonly do: 'return'; readonly client: string; readonly round: number; readonly attempt: number }
  /** A client's state is lost: it goes on with new heads. */
  | { readonly do: 'anew'; readonly client: string }
  /** A mode that never goes back goes on under a new attempt. */
  | { readonly do: 'renew'; readonly round: number; readonly attempt: number }
  | { readonly do: 'timer'; readonly timer: Timer; readonly ms: number }
  /** Who is waited for has changed, or goes on for too long. */
  | { readonly do: 'waiting' }
  | { readonly do: 'finish' }
  | { readonly do: 'fail'; readonly error: TrunklineError }
  | { readonly do: 'stop' };
