import { toTrunklineError } from '@trunkline/protocol';
import { flatDigest } from '@trunkline/model/layout';
import { atIntervals } from './at-intervals.ts';
import { createBufferedDesk } from './buffered-desk.ts';
import { conflictsOf } from './conflicts.ts';
import { createConversation } from './conversation.ts';
import type { Core, CoreDeps, Outcome } from './core-contract.ts';
import { createDelivery } from './delivery.ts';
import { createFarewell } from './farewell.ts';
import { afterRecord } from './journal/after-record.ts';
import type { FoundJournal } from './journal/read-journal.ts';
import { createRecorder } from './journal/recorder.ts';
import { goOnFrom } from './journal/go-on.ts';
import { createMachine } from './machine.ts';
import { createMembers } from './members.ts';
import type { Plan } from './plan.ts';
import { createReturnPoints } from './return-points.ts';
import { createRoundClock } from './round-clock.ts';
import { createRoundDesk } from './round-desk.ts';
import type { Effect, RoundsEvent } from './round-events.ts';
import { byCodeUnits } from './by-code-units.ts';
import { createSelection } from './selection.ts';
import type { RunEvent, ScoredTask } from './run-events.ts';
import { createTelling } from './telling.ts';
import { createTimers } from './timers.ts';
import { createTrunkStep } from './trunk-step.ts';

/** Between two times that everyone is told who is waited for: to tell 10,000 clients takes a while. */
const waitingMs = (clients: number): number => Math.max(250, clients);

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
  const recorder = createRecorder(deps.record?.journal ?? null, deps.record?.budget);
  const sending = createDelivery(keeper, {
    interrupted: (client, version) => emit({ event: 'interrupted', client, version }),
    failed: (client, error) => emit({ event: 'refused', client, message: 'send', error }),
    codec: plan.codecs.down,
  });
  const delivery = afterRecord(sending, recorder);
  const telling = createTelling({ machine, members, delivery, keeper, selection });
  const farewell = createFarewell(members, deps.clock);
  const timers = createTimers(deps.clock);
  const atDesk = { members, keeper, delivery, recorder, clock: deps.clock, timers, best: () => selection.best };
  const desk = pace.buffer ? createBufferedDesk(plan, pace.buffer, atDesk) : createRoundDesk(plan, atDesk);
  const time = createRoundClock(deps.clock, deps.traffic);
  /** Of the open evaluation, by client: one that is asked twice counts once. */
  const scores = new Map<string, readonly ScoredTask[]>();
  let over = false;
  let lastScores: ScoredTask[] = [];
  let settle: (outcome: Outcome) => void = () => undefined;
  const done = new Promise<Outcome>((resolve) => (settle = resolve));

  const sortedScores = () =>
    [...scores.values()].flat().sort((a, b) => byCodeUnits(a.task, b.task) || byCodeUnits(a.client, b.client));

  const end = (outcome: Outcome) => {
    over = true;
    timers.clear();
    settle(outcome);
  };
  /** A disk that is full, for one: the run ends here, and its folder can go on. */
  const failWith = (thrown: unknown) => {
    if (over) return;
    const error = toTrunklineError(thrown);
    // Over first: that the lines close now is this process's doing, and nothing to be told to the next one.
    end({ kind: 'failed', error });
    for (const member of members.all.values()) member.connection?.refuse(error);
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
  const feed = (event: RoundsEvent): void =>
    guarded(() => {
      const effects = machine.feed(event);
      // What ends this process is not told to the next one.
      if (!effects.some((effect) => effect.do === 'fail' || effect.do === 'stop'))
        recorder.note({ kind: 'heard', event });
      effects.forEach(carryOutNext);
    });
  /** The call is noted first, which may find the disk full. */
  const ask = (client: string) => void desk.ask(client).catch(failWith);
  const points = createReturnPoints({
    ...{ ...deps, machine, members, desk, keeper, selection, recorder, telling, emit },
    lastScores: () => lastScores,
  });
  if (from) points.restore(from.snapshot);
  const awaited = atIntervals({ timers, name: 'waiting', intervalMs: () => waitingMs(members.all.size) }, () => {
    const found = machine.waitingFor();
    emit({ event: 'waiting', ...found, round: state.round });
    telling.waiting(found);
  });
  const carryOutNext = (effect: Effect) => guarded(() => carryOut(effect));

  const carryOut = (effect: Effect): void => {
    switch (effect.do) {
      case 'open':
        return openRound(effect);
      case 'ask':
        return ask(effect.client);
      case 'repeat':
        return state.phase === 'training' ? ask(effect.client) : void telling.askScores(effect.client);
      case 'close':
        return closeRound(effect);
      case 'evaluate':
        // Clients keep the end of the run before they tell its scores: it must be a point here by then.
        if (effect.split === 'test' && deps.record) ledger.saved(effect.version);
        else if (effect.split === 'test') points.keep(effect);
        scores.clear();
        // Whose answer waits for room would keep everyone: its heads have taken their step, and can be scored.
        for (const client of [...effect.clients, ...desk.waiting]) void telling.askScores(client);
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
        return points.goBack(effect);
      case 'return':
        return telling.back(effect.client, effect);
      case 'renew':
        return points.renew(effect);
      case 'anew':
        members.all.get(effect.client)!.cold = config.warmup > 0;
        selection.forget();
        return emit({ event: 'anew', client: effect.client, round: state.round });
      case 'timer':
        return timers.set(effect.timer.name, effect.ms, () => feed({ type: 'timer', timer: effect.timer }));
      case 'waiting':
        return awaited.ask();
      case 'finish':
        return finish(effect);
      case 'fail':
        return failWith(effect.error);
      case 'stop':
        emit({ event: 'stopped', round: state.round });
        return end({ kind: 'stopped', round: state.round });
    }
  };

  const openRound = (effect: Extract<Effect, { do: 'open' }>) => {
    if (!time.running) {
      time.start();
      deps.manifest(Object.fromEntries([...members.all].map(([client, { machine }]) => [client, machine])));
    }
    if (recorder.full) points.keepAnew(effect);
    else if (effect.checkpoint) points.keep(effect);
    points.passed();
    awaited.settled();
    time.opened();
    desk.open(effect);
  };

  const closeRound = ({ round, attempt, clients }: Extract<Effect, { do: 'close' }>) => {
    const begun = deps.clock.now();
    const { answers, probes, losses, timings, accepted, counted } = desk.close();
    if (accepted) emit({ event: 'accepted', round, answers: [...accepted] });
    const report = keeper.advance(answers);
    if (recorder.keeps) recorder.note({ kind: 'closed', round, attempt, accepted: counted, sha256: delivery.digest() });
    if (probes.length > 0) emit({ event: 'conflicts', round, ...conflictsOf(probes) });
    emit({
      event: 'round',
      round,
      attempt,
      losses: Object.fromEntries([...losses].sort(([a], [b]) => byCodeUnits(a, b))),
      ...report,
      clients: Object.fromEntries(clients.map((client) => [client, timings.get(client)!])),
      ...time.closed(begun),
    });
    feed({ type: 'closed', round });
  };

  const finish = (effect: Effect) => {
    const sha256 = delivery.digest();
    const seconds = time.seconds();
    points.keepAnew(effect);
    if (selection.trunk) emit({ event: 'selected', version: selection.best!, sha256: flatDigest(selection.trunk) });
    const { run, rounds: planned } = config;
    deps.keepResult({ run, rounds: keeper.version, planned, sha256, seconds, tasks: lastScores });
    sayFinished({ rounds: keeper.version, sha256, seconds, scores: lastScores });
  };

  /** The end is on record: from here on nothing can change it. */
  const sayFinished = (outcome: Omit<Extract<Outcome, { kind: 'finished' }>, 'kind'>, anyone = false) => {
    const { rounds, sha256 } = outcome;
    emit({ event: 'finished', rounds, sha256 });
    void farewell.tell({ run: config.run, rounds, sha256 }, anyone).then(() => end({ kind: 'finished', ...outcome }));
  };

  const goOnBy = (found: FoundJournal) => {
    const parts = {
      ...{ machine, members, desk, keeper, selection, scores, warmup: config.warmup },
      scored: (tasks: readonly ScoredTask[] = sortedScores()) => void (lastScores = [...tasks]),
      goBack: (round: number) => points.restore(deps.checkpoints!.load(round)),
    };
    goOnFrom(found, {
      ...{ parts, ledger, feed, carryOut: carryOutNext },
      hush: (tell) => recorder.hush(tell),
      told(rounds) {
        if (rounds > 0) points.passed();
        time.start();
        emit({ event: 'continued', round: keeper.version, attempt: state.attempt });
      },
    });
  };

  const conversation = createConversation(plan, {
    members,
    desk,
    state,
    clock: deps.clock,
    ledger,
    recorder,
    emit,
    feed,
    scored: (client, found) => void scores.set(client, found),
    askScores: (client) => void telling.askScores(client),
    farewell: (member) => farewell.back(member),
    fail: failWith,
  });

  const steer = (said: 'paused' | 'resumed', event: RoundsEvent) => {
    emit({ event: said, round: state.round });
    feed(event);
  };
  return {
    members,
    done,
    connected: (connection) => conversation.handlers(connection),
    disconnected: (client, reason) => conversation.disconnected(client, reason),
    pause: () => steer('paused', { type: 'pause' }),
    resume: () => steer('resumed', { type: 'resume' }),
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
      if (from?.result) {
        const { rounds, sha256, seconds, tasks: scores } = from.result;
        return sayFinished({ rounds, sha256, seconds, scores }, true);
      }
      if (deps.record?.found) return goOnBy(deps.record.found);
      if (from) emit({ event: 'continued', round: from.snapshot.version, attempt: ledger.attempt });
      machine.begin().forEach(carryOutNext);
    },
  };
}
