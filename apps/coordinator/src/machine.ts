import { bufferedStep, bufferedWaitingFor, initialBuffered } from './buffered-rounds.ts';
import type { Plan } from './plan.ts';
import type { Effect, RoundsConfig, RoundsEvent, RoundsState } from './round-events.ts';
import { beginRounds, initialRounds, step, waitingFor } from './rounds.ts';

/** The round machine of a run's mode, with its state. */
export interface Machine {
  readonly state: Readonly<RoundsState>;
  begin(): Effect[];
  feed(event: RoundsEvent): Effect[];
  waitingFor(): { clients: string[]; tasks: string[] };
}

/** @param enough see `RoundsConfig.enough` */
export function createMachine({ config, pace }: Plan, enough: () => boolean): Machine {
  const rules: RoundsConfig = { ...config, ...pace.patience, expect: config.expect ?? [], enough };
  if (!pace.buffer) {
    const state = initialRounds();
    return {
      state,
      begin: () => beginRounds(rules, state),
      feed: (event) => step(rules, state, event),
      waitingFor: () => waitingFor(rules, state),
    };
  }
  const state = initialBuffered();
  const buffered = { ...rules, size: pace.buffer.size };
  return {
    state,
    begin: () => beginRounds(rules, state),
    feed: (event) => bufferedStep(buffered, state, event),
    waitingFor: () => bufferedWaitingFor(buffered, state),
  };
}
