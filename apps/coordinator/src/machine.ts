import { bufferedStep, bufferedWaitingFor, initialBuffered } from './buffered-rounds.ts';
import { fromPlain } from './journal/plain.ts';
import type { Plan } from './plan.ts';
import type { Effect, Resumption, RoundsConfig, RoundsEvent, RoundsState } from './round-events.ts';
import { waitingFor } from './awaited.ts';
import { beginRounds, initialRounds, setTimer, step } from './rounds.ts';

/** The round machine of a run's mode, with its state. */
export interface Machine {
  readonly state: Readonly<RoundsState>;
  begin(): Effect[];
  /** Takes over a state that `toPlain` wrote down. */
  restore(plain: unknown): void;
  /** More rounds are asked for than the run ended with: it goes on. @returns whether it does */
  reopen(): boolean;
  /** The timers of what is open, set anew. While clients are gathered none is: that wait has its own, of `begin`. */
  remind(): Effect[];
  feed(event: RoundsEvent): Effect[];
  waitingFor(): { clients: string[]; tasks: string[] };
}

export interface MachineOptions {
  /** See `RoundsConfig.enough`. */
  readonly enough: () => boolean;
  /** Left out: a new run. */
  readonly from?: Resumption | undefined;
  /** false: no round is a point to return to. */
  readonly durable: boolean;
}

export function createMachine({ config, pace }: Plan, { enough, from, durable }: MachineOptions): Machine {
  const checkpointEvery = durable ? config.checkpointEvery : 0;
  const rules: RoundsConfig = { ...config, ...pace.patience, checkpointEvery, expect: config.expect ?? [], enough };
  if (!pace.buffer) {
    const state = initialRounds(from);
    return {
      state,
      begin: () => beginRounds(rules, state),
      ...goingOn(rules, state),
      feed: (event) => step(rules, state, event),
      waitingFor: () => waitingFor(rules, state),
    };
  }
  const state = initialBuffered(from);
  const buffered = { ...rules, size: pace.buffer.size };
  return {
    state,
    begin: () => beginRounds(rules, state),
    ...goingOn(rules, state),
    feed: (event) => bufferedStep(buffered, state, event),
    waitingFor: () => bufferedWaitingFor(buffered, state),
  };
}

const goingOn = (rules: RoundsConfig, state: RoundsState): Pick<Machine, 'restore' | 'reopen' | 'remind'> => ({
  restore: (plain) => void Object.assign(state, fromPlain(plain)),
  reopen() {
    if (state.phase !== 'finished' || state.enough || state.round >= rules.rounds) return false;
    state.phase = 'training';
    state.asked = new Set();
    return true;
  },
  remind() {
    if (state.phase === 'gathering') return [];
    // What is overdue already has its end in sight, which an earlier process had set.
    const giveUp = state.overdue ? [setTimer(state, 'give-up', rules.giveUpAfterMs)] : [];
    return [setTimer(state, 'deadline', rules.deadlineMs), ...giveUp];
  },
});
