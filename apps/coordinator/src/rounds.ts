import { missingTasks, nobodyLeft, waitingFor } from './awaited.ts';
import { byCodeUnits } from './by-code-units.ts';
import { diverging, gaveUp } from './giving-up.ts';
import { goBack, goOn, markHeld, markPoint, renewed, takeBack } from './returning.ts';
import type { Effect, Resumption, RoundsConfig, RoundsEvent, RoundsState, Seat, Timer } from './round-events.ts';

/**
 * When rounds open and close, as a pure state machine: (state, event) → effects. It knows no socket, no clock and no tensor;
 * the shell carries effects out and reports what happened as events. `step` uses its state up: keep only what it returns.
 */

/** @param from left out: a new run */
export const initialRounds = (from?: Resumption): RoundsState => ({
  phase: from?.finished ? 'finished' : 'gathering',
  round: from?.round ?? 0,
  attempt: from?.attempt ?? 0,
  base: from?.round ?? 0,
  checkpoints: from?.points ?? [],
  resumed: from !== undefined,
  seats: new Map(),
  asked: new Set(),
  answered: new Set(),
  overdue: false,
  paused: false,
  scoring: [],
  enough: false,
  streaks: new Map(),
});

/** Opens the machine: the wait for the expected clients is bounded too. */
export const beginRounds = (config: RoundsConfig, state: RoundsState): Effect[] => [
  setTimer(state, 'give-up', config.giveUpAfterMs),
  { do: 'waiting' },
];

export function step(config: RoundsConfig, state: RoundsState, event: RoundsEvent): Effect[] {
  if (state.phase === 'finished' || state.phase === 'ended') return [];
  switch (event.type) {
    case 'joined':
      return joined(config, state, event);
    case 'left':
      return left(config, state, event);
    case 'answered':
      return answered(config, state, event);
    case 'closed':
      return closed(config, state);
    case 'scored':
      if (state.phase !== 'evaluating' || event.version !== state.round || event.split !== state.scoring[0]) return [];
      if (state.asked.has(event.client)) state.answered.add(event.client);
      return completed(config, state);
    case 'timer':
      return rang(config, state, event.timer);
    case 'rewind':
      if (!state.checkpoints.some(({ round }) => round === event.round)) return [];
      return [...goBack(state, event.round), ...goOnFrom(config, state)];
    case 'renew':
      // What was asked under the attempt before is asked anew.
      return [...renewed(state, event.attempt), ...(state.phase === 'gathering' ? [] : proceed(config, state))];
    case 'pause':
      state.paused = true;
      return [];
    case 'resume': {
      const idle = state.paused && state.phase === 'training' && state.asked.size === 0;
      state.paused = false;
      return idle ? open(config, state) : [];
    }
    case 'stop':
      state.phase = 'ended';
      return [{ do: 'stop' }];
  }
}

function joined(config: RoundsConfig, state: RoundsState, event: Extract<RoundsEvent, { type: 'joined' }>): Effect[] {
  const { client } = event;
  const before = state.seats.get(client);
  seat(state, event);
  if (state.phase === 'gathering') {
    if (missingTasks(config, state).length > 0) return [{ do: 'waiting' }];
    state.phase = 'training';
    return [...goOn(config, state), ...goOnFrom(config, state)];
  }
  if (before && config.onMissing === 'wait') {
    const back = takeBack(state, before, event);
    if (back) return [...back.effects, ...(back.everyone ? goOnFrom(config, state) : repeat(state, client))];
  }
  if (state.phase === 'training' && state.asked.size === 0) return open(config, state);
  return repeat(state, client);
}

/** Seats a client, or one that is back. */
export function seat(
  state: RoundsState,
  { client, tasks, stands, holds = [] }: Extract<RoundsEvent, { type: 'joined' }>,
): void {
  const began = stands !== undefined || (state.seats.get(client)?.began ?? false);
  state.seats.set(client, { client, tasks, connected: true, holds, began });
}

/** From a trunk that rounds are left for, the next one opens; of the last trunk only the test scores are missing. */
function goOnFrom(config: RoundsConfig, state: RoundsState): Effect[] {
  if (!state.enough && state.round < config.rounds) return open(config, state);
  state.scoring = ['test'];
  return proceed(config, state);
}

/** One that came back: its answer is still due, so it is asked again. A newcomer is asked from the next round on. */
const repeat = (state: RoundsState, client: string): Effect[] =>
  state.asked.has(client) && !state.answered.has(client) ? [{ do: 'repeat', client }] : [];

function left(config: RoundsConfig, state: RoundsState, event: Extract<RoundsEvent, { type: 'left' }>): Effect[] {
  const seat = state.seats.get(event.client);
  if (!seat) return [];
  seat.connected = false;
  if (state.phase !== 'gathering' && !(event.goodbye && mayGo(config, seat))) return [{ do: 'waiting' }];
  state.seats.delete(event.client);
  if (state.phase === 'gathering') return [{ do: 'waiting' }];
  // What it has answered already counts; what it has not is not waited for.
  const due = state.asked.has(event.client) && !state.answered.has(event.client);
  if (due) state.asked.delete(event.client);
  if (nobodyLeft(state) && state.answered.size === 0) return vacant(config, state);
  return due ? completed(config, state) : [];
}

/** A goodbye frees the seat where the run allows it. */
const mayGo = (config: RoundsConfig, seat: Seat): boolean =>
  config.mayLeave || seat.tasks.every((task) => config.optional.includes(task));

/** Nobody is there to open a round with: whoever joins opens it. */
const vacant = (config: RoundsConfig, state: RoundsState): Effect[] => [
  { do: 'waiting' },
  setTimer(state, 'give-up', config.giveUpAfterMs),
];

function open(config: RoundsConfig, state: RoundsState): Effect[] {
  state.answered = new Set();
  state.overdue = false;
  if (state.paused || state.seats.size === 0) {
    state.asked = new Set();
    return state.paused ? [] : vacant(config, state);
  }
  const clients = [...state.seats.keys()].sort(byCodeUnits);
  state.asked = new Set(clients);
  const probe = config.probeEvery > 0 && state.round % config.probeEvery === 0;
  const checkpoint = isPoint(config, state.round);
  if (checkpoint) markPoint(state);
  return [
    { do: 'open', round: state.round, attempt: state.attempt, clients, probe, checkpoint },
    setTimer(state, 'deadline', config.deadlineMs),
  ];
}

function answered(
  config: RoundsConfig,
  state: RoundsState,
  event: Extract<RoundsEvent, { type: 'answered' }>,
): Effect[] {
  if (state.phase !== 'training' || event.round !== state.round || event.attempt !== state.attempt) return [];
  if (!state.asked.has(event.client) || state.answered.has(event.client)) return [];
  state.answered.add(event.client);
  const seat = state.seats.get(event.client);
  if (seat) {
    seat.began = true;
    if (isPoint(config, state.round)) markHeld(seat, state.round);
  }
  return diverging(state, event) ?? completed(config, state);
}

export const isPoint = ({ checkpointEvery }: RoundsConfig, round: number): boolean =>
  checkpointEvery > 0 && round % checkpointEvery === 0;

/** All answers are in, or the deadline has passed where that is enough. */
function completed(config: RoundsConfig, state: RoundsState): Effect[] {
  const all = state.answered.size === state.asked.size;
  if (!all && !(state.overdue && config.onMissing === 'proceed')) return state.overdue ? [{ do: 'waiting' }] : [];
  const clients = [...state.answered].sort(byCodeUnits);
  if (state.phase === 'training') return [{ do: 'close', round: state.round, attempt: state.attempt, clients }];
  const done = state.scoring.shift()!;
  if (done === 'validation' && config.enough?.()) {
    state.enough = true;
    state.scoring = ['test'];
  }
  return [{ do: 'scored', version: state.round, split: done }, ...proceed(config, state)];
}

/** The shell has made trunk r+1. */
function closed(config: RoundsConfig, state: RoundsState): Effect[] {
  moved(config, state);
  return proceed(config, state);
}

/** Counts the round, and notes what is to be scored before the next one. */
export function moved(config: RoundsConfig, state: RoundsState): void {
  state.round++;
  const last = state.round === config.rounds;
  if (last || state.round % config.evaluateEvery === 0) {
    state.scoring = last ? ['validation', 'test'] : ['validation'];
  }
}

function proceed(config: RoundsConfig, state: RoundsState): Effect[] {
  const next = state.scoring[0];
  if (next) {
    state.phase = 'evaluating';
    const clients = [...state.seats.keys()].sort(byCodeUnits);
    state.asked = new Set(clients);
    state.answered = new Set();
    state.overdue = false;
    const effect = { do: 'evaluate', version: state.round, attempt: state.attempt, clients, split: next } as const;
    return [effect, setTimer(state, 'deadline', config.deadlineMs)];
  }
  if (state.round === config.rounds || state.enough) {
    state.phase = 'finished';
    return [{ do: 'finish' }];
  }
  state.phase = 'training';
  return open(config, state);
}

function rang(config: RoundsConfig, state: RoundsState, timer: Timer): Effect[] {
  if (timer.phase !== state.phase || timer.round !== state.round || timer.attempt !== state.attempt) return [];
  const missing = waitingFor(config, state);
  if (missing.clients.length + missing.tasks.length === 0) return [];
  if (timer.name === 'give-up') return gaveUp(config, state, missing);
  const first = !state.overdue;
  state.overdue = true;
  if (config.onMissing === 'proceed') return completed(config, state);
  // A message that was lost heals so; who is at work on its answer takes no notice.
  const again = missing.clients.flatMap((client) => (state.seats.get(client)?.connected ? repeat(state, client) : []));
  return [
    ...completed(config, state),
    ...again,
    setTimer(state, 'deadline', config.deadlineMs),
    ...(first ? [setTimer(state, 'give-up', config.giveUpAfterMs)] : []),
  ];
}

export const setTimer = (state: RoundsState, name: Timer['name'], ms: number): Effect => ({
  do: 'timer',
  timer: { name, phase: state.phase, round: state.round, attempt: state.attempt },
  ms,
});
