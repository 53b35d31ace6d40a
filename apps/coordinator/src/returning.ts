import { GENERATIONS } from '@trunkline/model/store';
import type { Effect, Point, RoundsConfig, RoundsEvent, RoundsState, Seat } from './round-events.ts';

/**
 * Ways back to a round that both sides hold, for modes that wait: part of the round machine of `rounds.ts`, as pure as it.
 *
 * A checkpoint round closes only when every client that answers it has saved its state of it, so that the last closed one is
 * common to all; of an open one some have it. Whoever went past a point in an attempt that is no more goes back with the rest.
 */

/** The newest round that the coordinator's checkpoints and all connected seats hold; where they share none, the newest checkpoint. */
function commonRound({ checkpoints, seats }: RoundsState): number | undefined {
  const held = [...seats.values()].filter(({ connected, holds }) => connected && holds.length > 0);
  const rounds = checkpoints.map(({ round }) => round).sort((a, b) => b - a);
  return rounds.find((round) => held.every(({ holds }) => holds.includes(round))) ?? rounds[0];
}

/** Everyone expected is there. A run that goes on from its folder first finds its clients a common round, or at least a new attempt. */
export function goOn(config: RoundsConfig, state: RoundsState): Effect[] {
  const round = commonRound(state);
  if (!state.resumed || round === undefined) return [];
  state.resumed = false;
  return config.onMissing === 'wait' ? goBack(state, round) : renewed(state, state.attempt + 1);
}

/** A mode that never goes back goes on under a new attempt, from where it is; the caller asks anew for what is due. */
export function renewed(state: RoundsState, attempt: number): Effect[] {
  state.attempt = attempt;
  state.base = state.round;
  return [{ do: 'renew', round: state.round, attempt }];
}

/**
 * Back to `round` under a new attempt; the caller opens it. Who is there and does not hold it begins anew, and that is said. Who is away may hold more than was
 * heard of it, an answer that never arrived for one: what it has lost shows when it comes back.
 */
export function goBack(state: RoundsState, round: number): Effect[] {
  const point = state.checkpoints.find((one) => one.round === round);
  state.attempt++;
  state.base = round;
  state.round = round;
  state.enough = point?.enough ?? false;
  state.scoring = [];
  state.phase = 'training';
  state.streaks = new Map(point?.streaks);
  state.checkpoints = state.checkpoints.filter((one) => one.round <= round);
  const lacking = [...state.seats.values()].filter(({ connected, holds }) => connected && !holds.includes(round));
  const anew = lacking.map(({ client }) => client);
  for (const seat of state.seats.values()) {
    seat.began = seat.holds.includes(round) || (round > 0 && !seat.connected && seat.began);
    seat.holds = seat.holds.filter((held) => held <= round);
  }
  const lost = round === 0 ? [] : anew;
  return [
    { do: 'rewind', round, attempt: state.attempt, anew },
    ...lost.map((client): Effect => ({ do: 'anew', client })),
  ];
}

/** A client that was seated before is back: what that sets off, and whether everyone goes back with it; undefined: nothing. */
export function takeBack(
  state: RoundsState,
  before: Seat,
  event: Extract<RoundsEvent, { type: 'joined' }>,
): { effects: Effect[]; everyone: boolean } | undefined {
  const { client } = event;
  const { round, attempt } = state;
  switch (comesBack(state, before, event)) {
    case 'everyone':
      return { effects: goBack(state, commonRound(state)!), everyone: true };
    case 'return':
      return { effects: [{ do: 'return', client, round, attempt }], everyone: false };
    case 'anew':
      return { effects: [{ do: 'anew', client }], everyone: false };
    case 'stands':
      return undefined;
  }
}

/** What becomes of a client that was seated before and is back: nothing, where its heads are those of the round that it owes. */
function comesBack(
  state: RoundsState,
  before: Seat,
  { client, stands, holds = [] }: Extract<RoundsEvent, { type: 'joined' }>,
): 'stands' | 'return' | 'everyone' | 'anew' {
  const seat = state.seats.get(client)!;
  if (stands === undefined) {
    // A process without a saved state. Its seat may have answered nothing yet: then nothing is lost.
    if (!before.began) return 'stands';
    seat.began = false;
    return 'anew';
  }
  const ahead = stands.round - state.round;
  // A live one that answered stands one further; a new process from the open round's saved state would step a second time.
  const training = state.phase === 'training';
  const right = ahead === 0 ? !(training && state.answered.has(client)) : ahead === 1 && training;
  if (stands.attempt === state.attempt && right) return 'stands';
  // It missed the way back of the others, who have not moved on since: it follows them alone.
  const missed = stands.attempt < state.attempt && state.base === state.round && training;
  if (missed && holds.includes(state.round) && !state.answered.has(client)) return 'return';
  return commonRound(state) === undefined ? 'anew' : 'everyone';
}

/** Notes the point before the open round. */
export function markPoint(state: RoundsState): void {
  const point: Point = { round: state.round, streaks: [...state.streaks] };
  state.checkpoints = [...state.checkpoints.filter(({ round }) => round < state.round), point].slice(-GENERATIONS);
}

/** A client that answered a checkpoint round holds it. */
export function markHeld(seat: Seat, round: number): void {
  seat.holds = [...seat.holds.filter((held) => held < round), round].slice(-GENERATIONS);
}
