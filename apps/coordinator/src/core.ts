import { toTrunklineError, type Clock, type TrunklineError } from '@trunkline/protocol';
import { flatDigest } from '@trunkline/model/layout';
import { createBufferedDesk } from './buffered-desk.ts';
import type { Checkpoints, RunSnapshot } from './checkpoints.ts';
import { conflictsOf } from './conflicts.ts';
import { createConversation } from './conversation.ts';
import { createDelivery } from './delivery.ts';
import { createFarewell } from './farewell.ts';
import type { ClientHandlers, Connection } from './gateway.ts';
import type { Ledger } from './ledger.ts';
import { createMachine } from './machine.ts';
import { createMembers, type Members } from './members.ts';
import type { Plan } from './plan.ts';
import { createRoundDesk } from './round-desk.ts';
import type { Result } from './result.ts';
import type { Effect, Point, RoundsEvent } from './round-events.ts';
import { byCodeUnits } from './rounds.ts';
import { createSelection } from './selection.ts';
import type { RunEvent, ScoredTask } from './run-events.ts';
import { createTrunkStep } from './trunk-step.ts';

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

export interface CoreDeps {
  readonly clock: Clock;
  /** null: nothing is kept, and nothing can be gone back to. */
  readonly checkpoints: Checkpoints | null;
  readonly ledger: Ledger;
  /** Left out: a new run. */
  readonly from?: Continuation | undefined;
  /** Keeps how the run ended, before anyone hears of it. */
  readonly keepResult: (result: Result) => void;
  readonly emit: (event: RunEvent) => void;
  /** Bytes that the sockets carried so far. */
  readonly traffic: () => { up: number; down: number };
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

export function createCore(plan: Plan, deps: CoreDeps): Core {
  const { config, trunk, pace } = plan;
  const selection = createSelection(plan);
  const { from, ledger } = deps;
  const machine = createMachine(plan, {
    enough: () => selection.judge(keeper, sortedScores(), members),
    from: from && {
      round: from.snapshot.version,
      attempt: ledger.attempt,
      points: from.points,
      finished: from.result !== null,
    },
    durable: deps.checkpoints !== null,
  });
  const { state } = machine;
  const members = createMembers({
    welcome: config.expect && [...config.expect, ...config.optional],
    weights: config.weights,
    bySamples: pace.local?.weighBySamples ?? false,
    trunkInput: trunk.inputShape,
  });
  const keeper = createTrunkStep(plan);
  const delivery = createDelivery(keeper, (client, error) =>
    emit({ event: 'refused', client, message: 'send', error }),
  );
  const farewell = createFarewell(members, deps.clock);
  const atDesk = { members, keeper, delivery, clock: deps.clock, best: () => selection.best };
  const desk = pace.buffer ? createBufferedDesk(plan, pace.buffer, atDesk) : createRoundDesk(plan, atDesk);
  const timers = new Map<string, () => void>();
  let openedAt = 0;
  let lastClosed = 0;
  let started = 0;
  /** Of the open evaluation, by client: one that is asked twice counts once. */
  const scores = new Map<string, readonly ScoredTask[]>();
  /** The checkpoint that lies on the disk as it is. */
  let kept: number | undefined;
  let over = false;
  let lastScores: ScoredTask[] = [];
  let lastTraffic = { up: 0, down: 0 };
  let settle: (outcome: Outcome) => void = () => undefined;
  const done = new Promise<Outcome>((resolve) => (settle = resolve));

  const restore = (snapshot: RunSnapshot) => {
    keeper.restore(snapshot);
    selection.restore(snapshot.selection);
    kept = snapshot.version;
  };
  if (from) restore(from.snapshot);

  const sortedScores = () =>
    [...scores.values()].flat().sort((a, b) => byCodeUnits(a.task, b.task) || byCodeUnits(a.client, b.client));

  const end = (outcome: Outcome) => {
    over = true;
    for (const cancel of timers.values()) cancel();
    timers.clear();
    settle(outcome);
  };
  /** A disk that is full, for one: the run ends here, and its folder can go on. */
  const failWith = (thrown: unknown) => {
    if (over) return;
    const error = toTrunklineError(thrown);
    for (const member of members.all.values()) member.connection?.refuse(error);
    end({ kind: 'failed', error });
  };
  const guarded = (act: () => void) => {
    if (over) return;
    try {
      act();
    } catch (thrown) {
      failWith(thrown);
    }
  };
  const emit = (event: RunEvent): void => guarded(() => deps.emit(event));
  const feed = (event: RoundsEvent): void => guarded(() => machine.feed(event).forEach(carryOutNext));
  const carryOutNext = (effect: Effect) => guarded(() => carryOut(effect));

  const carryOut = (effect: Effect): void => {
    switch (effect.do) {
      case 'open':
        return openRound(effect);
      case 'ask':
        return void desk.ask(effect.client);
      case 'repeat':
        return void (state.phase === 'training' ? desk.ask(effect.client) : askScores(effect.client));
      case 'close':
        return closeRound(effect);
      case 'evaluate':
        scores.clear();
        for (const client of effect.clients) void askScores(client);
        return;
      case 'scored':
        lastScores = sortedScores();
        return emit({
          event: 'scores',
          version: selection.forScoring(effect.split).best ?? effect.version,
          split: effect.split,
          tasks: lastScores,
        });
      case 'rewind':
        return goBack(effect);
      case 'return':
        return sendBack(effect.client, effect);
      case 'renew':
        return ledger.begin(effect.attempt, effect.round);
      case 'anew':
        members.all.get(effect.client)!.cold = config.warmup > 0;
        selection.forget();
        return emit({ event: 'anew', client: effect.client, round: state.round });
      case 'timer':
        timers.get(effect.timer.name)?.();
        timers.set(
          effect.timer.name,
          deps.clock.after(effect.ms, () => feed({ type: 'timer', timer: effect.timer })),
        );
        return;
      case 'waiting':
        emit({ event: 'waiting', clients: [...effect.clients], tasks: [...effect.tasks], round: state.round });
        return tellWaiting();
      case 'finish':
        return finish();
      case 'fail':
        return failWith(effect.error);
      case 'stop':
        emit({ event: 'stopped', round: state.round });
        return end({ kind: 'stopped', round: state.round });
    }
  };

  const openRound = (effect: Extract<Effect, { do: 'open' }>) => {
    const now = deps.clock.now();
    if (started === 0) {
      started = now;
      lastClosed = now;
      lastTraffic = deps.traffic();
      deps.manifest(Object.fromEntries([...members.all].map(([client, { machine }]) => [client, machine])));
    }
    if (effect.checkpoint && kept !== effect.round) keepCheckpoint();
    kept = undefined;
    openedAt = now;
    desk.open(effect);
  };

  /** Durable before anyone is called to the round after it. */
  const keepCheckpoint = () => {
    if (!deps.checkpoints) return;
    const streaks = [...state.streaks];
    const saved = deps.checkpoints.save({ ...keeper.snapshot(), selection: selection.snapshot(), streaks });
    ledger.saved(keeper.version);
    emit({ event: 'checkpoint', round: keeper.version, ...saved });
  };

  /** The new attempt is on record before anyone hears of it. */
  const goBack = (effect: Extract<Effect, { do: 'rewind' }>) => {
    const { round, attempt, anew } = effect;
    ledger.begin(attempt, round);
    restore(deps.checkpoints!.load(round));
    deps.checkpoints!.forgetAfter(round);
    for (const client of members.all.keys()) sendBack(client, { round, attempt, anew: anew.includes(client) });
    emit({ event: 'rewound', round, attempt });
  };

  const sendBack = (client: string, { round, attempt, anew }: { round: number; attempt: number; anew?: boolean }) => {
    const member = members.all.get(client)!;
    member.holds = null;
    member.cold = false;
    void delivery.tell(member.connection, (line) => line.send('rewind', { round, attempt, ...(anew ? { anew } : {}) }));
  };

  const askScores = async (client: string) => {
    const scoring = state.scoring[0];
    const member = members.all.get(client);
    if (!scoring) return;
    await delivery.tell(member?.connection ?? null, (line) =>
      Promise.all([
        delivery.trunkTo(member!, state.attempt),
        line.send('evaluate', {
          version: keeper.version,
          attempt: state.attempt,
          split: scoring,
          ...selection.forScoring(scoring),
        }),
      ]),
    );
  };

  const tellWaiting = () => {
    const { clients, tasks } = machine.waitingFor();
    const phase = state.paused
      ? 'paused'
      : state.phase === 'gathering' || state.phase === 'evaluating'
        ? state.phase
        : 'training';
    const waitingCount = clients.length || tasks.length;
    for (const member of members.all.values()) {
      void delivery.tell(member.connection, (line) =>
        line.send('status', { phase, round: state.round, waitingFor: waitingCount }),
      );
    }
  };

  const closeRound = ({ round, attempt, clients }: Extract<Effect, { do: 'close' }>) => {
    const begun = deps.clock.now();
    const { answers, probes, losses, timings, accepted } = desk.close();
    if (accepted) emit({ event: 'accepted', round, answers: [...accepted] });
    const report = keeper.advance(answers);
    if (probes.length > 0) emit({ event: 'conflicts', round, ...conflictsOf(probes) });
    const now = deps.clock.now();
    const traffic = deps.traffic();
    const bytes = { up: traffic.up - lastTraffic.up, down: traffic.down - lastTraffic.down };
    lastTraffic = traffic;
    emit({
      event: 'round',
      round,
      attempt,
      losses: Object.fromEntries([...losses].sort(([a], [b]) => byCodeUnits(a, b))),
      ...report,
      clients: Object.fromEntries(clients.map((client) => [client, timings.get(client)!])),
      timing: { answersMs: begun - openedAt, aggregateMs: now - begun, roundMs: now - lastClosed },
      bytes,
    });
    lastClosed = now;
    feed({ type: 'closed', round });
  };

  const finish = () => {
    const sha256 = delivery.digest();
    const seconds = (deps.clock.now() - started) / 1000;
    keepCheckpoint();
    if (selection.trunk) emit({ event: 'selected', version: selection.best!, sha256: flatDigest(selection.trunk) });
    const rounds = keeper.version;
    deps.keepResult({ run: config.run, rounds, planned: config.rounds, sha256, seconds, tasks: lastScores });
    sayFinished({ rounds, sha256, seconds, scores: lastScores });
  };

  /** The end is on record: from here on nothing can change it. */
  const sayFinished = (outcome: Omit<Extract<Outcome, { kind: 'finished' }>, 'kind'>, anyone = false) => {
    const { rounds, sha256 } = outcome;
    emit({ event: 'finished', rounds, sha256 });
    void farewell.tell({ run: config.run, rounds, sha256 }, anyone).then(() => end({ kind: 'finished', ...outcome }));
  };

  const conversation = createConversation(plan, {
    members,
    desk,
    state,
    clock: deps.clock,
    ledger,
    emit,
    feed,
    scored: (client, found) => void scores.set(client, found),
    farewell: (member) => farewell.back(member),
    fail: failWith,
  });

  return {
    members,
    done,
    connected: (connection) => conversation.handlers(connection),
    disconnected: (client, reason) => conversation.disconnected(client, reason),
    pause() {
      emit({ event: 'paused', round: state.round });
      feed({ type: 'pause' });
    },
    resume() {
      emit({ event: 'resumed', round: state.round });
      feed({ type: 'resume' });
    },
    stop() {
      feed({ type: 'stop' });
      farewell.cut();
    },
    fail: failWith,
    emit,
    rewind: (round) => feed({ type: 'rewind', round }),
    status: () => ({
      phase: state.paused ? 'paused' : state.phase,
      round: state.round,
      attempt: state.attempt,
      waitingFor: machine.waitingFor(),
    }),
    begin() {
      const { result } = from ?? {};
      if (result) {
        const { rounds, sha256, seconds, tasks } = result;
        return sayFinished({ rounds, sha256, seconds, scores: tasks }, true);
      }
      if (from) emit({ event: 'continued', round: from.snapshot.version, attempt: ledger.attempt });
      machine.begin().forEach(carryOutNext);
    },
  };
}
