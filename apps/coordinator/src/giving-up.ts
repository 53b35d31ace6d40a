import { fail, type TrunklineError } from '@trunkline/protocol';
import type { Effect, RoundsConfig, RoundsEvent, RoundsState } from './round-events.ts';

/** How a run ends that cannot go on: a task that diverges, or someone who is waited for too long. Part of the machine of `rounds.ts`. */

/** Rounds running without a finite loss after which a task ends the run. */
export const DIVERGED_ROUNDS = 10;

/** Counts rounds without a finite loss; the effect that ends the run when a task has had too many running. */
export function diverging(
  state: RoundsState,
  { client, sound, diverged }: Extract<RoundsEvent, { type: 'answered' }>,
): Effect[] | undefined {
  for (const task of sound) state.streaks.delete(`${client}/${task}`);
  for (const task of diverged) {
    const streak = (state.streaks.get(`${client}/${task}`) ?? 0) + 1;
    state.streaks.set(`${client}/${task}`, streak);
    if (streak < DIVERGED_ROUNDS) continue;
    return end(state, fail('TASK_DIVERGED', { task, client, rounds: DIVERGED_ROUNDS, round: state.round }));
  }
  return undefined;
}

export function gaveUp(
  config: RoundsConfig,
  state: RoundsState,
  { clients, tasks }: { clients: readonly string[]; tasks: readonly string[] },
): Effect[] {
  const names = [...clients.map((client) => `client ${client}`), ...tasks.map((task) => `task ${task}`)];
  const seconds = Math.round(config.giveUpAfterMs / 1000);
  return end(state, fail('WAITED_TOO_LONG', { seconds, missing: names.join(', ') }));
}

function end(state: RoundsState, error: TrunklineError): Effect[] {
  state.phase = 'ended';
  return [{ do: 'fail', error }];
}
