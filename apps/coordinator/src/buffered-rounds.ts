import { missingTasks } from './awaited.ts';
import { byCodeUnits } from './by-code-units.ts';
import { diverging, gaveUp } from './giving-up.ts';
import { goOn, markPoint, renewed } from './returning.ts';
import type { Effect, Resumption, RoundsConfig, RoundsEvent, RoundsState, Timer } from './round-events.ts';
import { initialRounds, isPoint, moved, seat, setTimer } from './rounds.ts';

/**
 * When the trunk moves in mode `buffered` (Nguyen et al., FedBuff, AISTATS 2022), as a pure state machine with the events and effects
 * of `rounds.ts`: a client that answered is asked again at once, and a round closes whenever `size` answers have come since the last.
 * `round` in an `answered` event is the client's own count of answers. Scoring is a barrier: answers that come meanwhile
 * are held, and nobody is asked for a new one until all have scored, or the deadline has passed.
 */
export interface BufferedState extends RoundsState {
  /** Clients at work on an answer. */
  busy: Set<string>;
  /** Answers of each client so far: the number of the one that is due, or next. */
  calls: Map<string, number>;
  /** Whose answers were taken in since the last close; twice where it answered twice. */
  held: string[];
}

export type BufferedConfig = RoundsConfig & { readonly size: number };

/** @param from left out: a new run */
export const initialBuffered = (from?: Resumption): BufferedState => ({
  ...initialRounds(from),
  busy: new Set(),
  calls: new Map(),
  held: [],
});

export function bufferedStep(config: BufferedConfig, state: BufferedState, event: RoundsEvent): Effect[] {
  if (state.phase === 'finished' || state.phase === 'ended') return [];
  switch (event.type) {
    case 'joined':
      return joined(config, state, event);
    case 'left':
      return left(config, state, event);
    case 'answered':
      return answered(config, state, event);
    case 'closed':
      state.held = [];
      moved(config, state);
      return proceed(config, state);
    case 'scored':
      if (state.phase !== 'evaluating' || event.version !== state.round || event.split !== state.scoring[0]) return [];
      if (state.asked.has(event.client)) state.answered.add(event.client);
      return scored(config, state);
    case 'timer':
      return rang(config, state, event.timer);
    case 'pause':
      state.paused = true;
      return [];
    case 'resume':
      if (!state.paused) return [];
      state.paused = false;
      return state.phase === 'training' ? closeOrAsk(config, state) : [];
    case 'renew':
      // Answers that are in stay; what is under way belongs to an attempt that is no more.
      state.busy.clear();
      return [...renewed(state, event.attempt), ...(state.phase === 'gathering' ? [] : proceed(config, state))];
    // Which answers came in which order cannot be repeated: there is no way back.
    case 'rewind':
      return [];
    case 'stop':
      state.phase = 'ended';
      return [{ do: 'stop' }];
  }
}

/** Who is being waited for. In training that is whoever is at work or gone, though the trunk moves without any one of them. */
export function bufferedWaitingFor(config: RoundsConfig, state: BufferedState): { clients: string[]; tasks: string[] } {
  if (state.phase === 'gathering' || state.seats.size === 0) return { clients: [], tasks: missingTasks(config, state) };
  const atWork = [...state.seats.values()].filter(({ client, connected }) => state.busy.has(client) || !connected);
  const due = state.phase === 'evaluating' ? unscored(state) : atWork.map(({ client }) => client);
  const clients = due.sort(byCodeUnits);
  return { clients, tasks: clients.flatMap((client) => [...(state.seats.get(client)?.tasks ?? [])]) };
}

const unscored = (state: BufferedState): string[] => [...state.asked].filter((client) => !state.answered.has(client));

function joined(
  config: BufferedConfig,
  state: BufferedState,
  event: Extract<RoundsEvent, { type: 'joined' }>,
): Effect[] {
  const { client } = event;
  seat(state, event);
  if (state.phase === 'gathering') {
    if (missingTasks(config, state).length > 0) return [{ do: 'waiting' }];
    state.phase = 'training';
    return [...goOn(config, state), ...open(config, state)];
  }
  // One that came back is asked for the answer that it owes, or for its scores; a newcomer for its first answer.
  // From the last trunk nothing is to be learned any more.
  if (state.busy.has(client) && state.round < config.rounds) return [{ do: 'ask', client }];
  if (state.phase === 'training') return closeOrAsk(config, state);
  return state.asked.has(client) && !state.answered.has(client) ? [{ do: 'repeat', client }] : [];
}

function left(
  config: BufferedConfig,
  state: BufferedState,
  { client, goodbye }: Extract<RoundsEvent, { type: 'left' }>,
): Effect[] {
  const seat = state.seats.get(client);
  if (!seat) return [];
  seat.connected = false;
  if (goodbye || state.phase === 'gathering') {
    state.seats.delete(client);
    state.busy.delete(client);
    state.asked.delete(client);
    state.answered.delete(client);
  }
  return [{ do: 'waiting' }, ...(state.phase === 'evaluating' ? scored(config, state) : [])];
}

function answered(
  config: BufferedConfig,
  state: BufferedState,
  event: Extract<RoundsEvent, { type: 'answered' }>,
): Effect[] {
  const { client, round, attempt } = event;
  if (!state.busy.has(client) || round !== (state.calls.get(client) ?? 0) || attempt !== state.attempt) return [];
  state.busy.delete(client);
  state.calls.set(client, round + 1);
  if (!event.stale) state.held.push(client);
  const end = diverging(state, event);
  if (end) return end;
  if (state.phase === 'training') return closeOrAsk(config, state);
  return state.asked.has(client) && !state.answered.has(client) ? [{ do: 'repeat', client }] : [];
}

/** Closes when the buffer is full; otherwise everyone who is free is asked. */
function closeOrAsk(config: BufferedConfig, state: BufferedState): Effect[] {
  if (state.paused) return [];
  if (state.held.length >= config.size) {
    const clients = [...new Set(state.held)].sort(byCodeUnits);
    return [{ do: 'close', round: state.round, attempt: state.attempt, clients }];
  }
  const free = [...state.seats.values()].filter(({ client, connected }) => connected && !state.busy.has(client));
  const clients = free.map(({ client }) => client).sort(byCodeUnits);
  for (const client of clients) state.busy.add(client);
  return clients.map((client) => ({ do: 'ask', client }));
}

function open(config: BufferedConfig, state: BufferedState): Effect[] {
  const probe = config.probeEvery > 0 && state.round % config.probeEvery === 0;
  const checkpoint = isPoint(config, state.round);
  if (checkpoint) markPoint(state);
  return [
    { do: 'open', round: state.round, attempt: state.attempt, clients: [], probe, checkpoint },
    setTimer(state, 'deadline', config.deadlineMs),
    ...closeOrAsk(config, state),
  ];
}

function proceed(config: BufferedConfig, state: BufferedState): Effect[] {
  const split = state.scoring[0];
  state.asked = new Set(split ? state.seats.keys() : []);
  state.answered = new Set();
  state.overdue = false;
  if (split) {
    state.phase = 'evaluating';
    // Who is at work is asked when its answer is in: two trunks are never on their way to one client.
    const clients = [...state.asked].filter((client) => !state.busy.has(client)).sort(byCodeUnits);
    return [
      { do: 'evaluate', version: state.round, attempt: state.attempt, clients, split },
      setTimer(state, 'deadline', config.deadlineMs),
    ];
  }
  if (state.round === config.rounds) {
    state.phase = 'finished';
    return [{ do: 'finish' }];
  }
  state.phase = 'training';
  return open(config, state);
}

/** Scores that are missing at the deadline are done without. */
function scored(config: BufferedConfig, state: BufferedState): Effect[] {
  if (!state.overdue && unscored(state).length > 0) return [];
  const split = state.scoring.shift()!;
  return [{ do: 'scored', version: state.round, split }, ...proceed(config, state)];
}

function rang(config: BufferedConfig, state: BufferedState, timer: Timer): Effect[] {
  if (timer.phase !== state.phase || timer.round !== state.round || timer.attempt !== state.attempt) return [];
  const missing = bufferedWaitingFor(config, state);
  if (timer.name === 'give-up') {
    const nobody = missing.clients.length + missing.tasks.length === 0;
    return nobody ? [] : gaveUp(config, state, missing);
  }
  state.overdue = true;
  if (state.phase === 'evaluating') return scored(config, state);
  return [{ do: 'waiting' }, setTimer(state, 'give-up', config.giveUpAfterMs)];
}
