import type { Clock } from '@trunkline/protocol';

/** Bytes over the sockets, both ways, since the process started. */
export interface Traffic {
  readonly up: number;
  readonly down: number;
}

/** How long a round took, in ms: until all answers were in, for the aggregation, and since the round before closed. */
export interface RoundTiming {
  readonly answersMs: number;
  readonly aggregateMs: number;
  readonly roundMs: number;
}

/** Times the run and its rounds, and tells each round's share of the traffic. */
export interface RoundClock {
  /** Whether a round was opened yet. */
  readonly running: boolean;
  /** The first round opens, or the run goes on: the time before it counts for none. */
  start(): void;
  opened(): void;
  /** @param begun when its answers were in, by the same clock */
  closed(begun: number): { readonly timing: RoundTiming; readonly bytes: Traffic };
  /** Since the start, in s. */
  seconds(): number;
}

export function createRoundClock(clock: Clock, traffic: () => Traffic): RoundClock {
  let started: number | undefined;
  let openedAt = 0;
  let lastClosed = 0;
  let last: Traffic = { up: 0, down: 0 };
  return {
    get running() {
      return started !== undefined;
    },
    start() {
      started = lastClosed = openedAt = clock.now();
      last = traffic();
    },
    opened: () => void (openedAt = clock.now()),
    closed(begun) {
      const now = clock.now();
      const timing = { answersMs: begun - openedAt, aggregateMs: now - begun, roundMs: now - lastClosed };
      const { up, down } = traffic();
      const bytes = { up: up - last.up, down: down - last.down };
      lastClosed = now;
      last = { up, down };
      return { timing, bytes };
    },
    seconds: () => (clock.now() - (started ?? clock.now())) / 1000,
  };
}
