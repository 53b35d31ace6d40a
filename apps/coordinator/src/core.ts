import type { Clock, TrunklineError } from '@trunkline/protocol';
import { flatDigest } from '@trunkline/model/layout';
import { createBufferedDesk } from './buffered-desk.ts';
import type { Checkpoints } from './checkpoints.ts';
import { conflictsOf } from './conflicts.ts';
import { createConversation } from './conversation.ts';
import { createDelivery } from './delivery.ts';
import type { ClientHandlers, Connection } from './gateway.ts';
import { createMachine } from './machine.ts';
import { createMembers, type Members } from './members.ts';
import type { Plan } from './plan.ts';
import { createRoundDesk } from './round-desk.ts';
import type { Effect, RoundsEvent } from './round-events.ts';
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

export interface CoreDeps {
  readonly clock: Clock;
  readonly checkpoints: Checkpoints;
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
  /** Goes back to the state before `round`, one of the checkpoints'. */
  rewind(round: number): void;
  status(): { phase: string; round: number; attempt: number; waitingFor: { clients: string[]; tasks: string[] } };
}

export function createCore(plan: Plan, deps: CoreDeps): Core {
  const { config, trunk, pace } = plan;
  const selection = createSelection(plan);
  const machine = createMachine(plan, () => selection.judge(keeper, scores, members));
  const { state } = machine;
  const members = createMembers({
    welcome: config.expect && [...config.expect, ...config.optional],
    weights: config.weights,
    bySamples: pace.local?.weighBySamples ?? false,
    trunkInput: trunk.inputShape,
  });
  const keeper = createTrunkStep(plan);
  const delivery = createDelivery(keeper, (client, error) =>
    deps.emit({ event: 'refused', client, message: 'send', error }),
  );
  const atDesk = { members, keeper, delivery, clock: deps.clock, best: () => selection.best };
  const desk = pace.buffer ? createBufferedDesk(plan, pace.buffer, atDesk) : createRoundDesk(plan, atDesk);
  const timers = new Map<string, () => void>();
  let openedAt = 0;
  let lastClosed = 0;
  let started = 0;
  let scores: ScoredTask[] = [];
  let lastScores: ScoredTask[] = [];
  let lastTraffic = { up: 0, down: 0 };
  let settle: (outcome: Outcome) => void = () => undefined;
  const done = new Promise<Outcome>((resolve) => (settle = resolve));

  const end = (outcome: Outcome) => {
    for (const cancel of timers.values()) cancel();
    timers.clear();
    settle(outcome);
  };
  const feed = (event: RoundsEvent): void => machine.feed(event).forEach(carryOut);

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
        scores = [];
        for (const client of effect.clients) void askScores(client);
        return;
      case 'scored':
        lastScores = scores.sort((a, b) => byCodeUnits(a.task, b.task) || byCodeUnits(a.client, b.client));
        return deps.emit({
          event: 'scores',
          version: selection.forScoring(effect.split).best ?? effect.version,
          split: effect.split,
          tasks: lastScores,
        });
      case 'rewind':
        keeper.restore(deps.checkpoints.load(effect.round));
        for (const member of members.all.values()) {
          member.holds = null;
          void delivery.tell(member.connection, (line) =>
            line.send('rewind', { round: effect.round, attempt: effect.attempt }),
          );
        }
        return deps.emit({ event: 'rewound', round: effect.round, attempt: effect.attempt });
      case 'timer':
        timers.get(effect.timer.name)?.();
        timers.set(
          effect.timer.name,
          deps.clock.after(effect.ms, () => feed({ type: 'timer', timer: effect.timer })),
        );
        return;
      case 'waiting':
        deps.emit({ event: 'waiting', clients: [...effect.clients], tasks: [...effect.tasks], round: state.round });
        return tellWaiting();
      case 'finish':
        return void finish();
      case 'fail':
        for (const member of members.all.values()) member.connection?.refuse(effect.error);
        return end({ kind: 'failed', error: effect.error });
      case 'stop':
        deps.emit({ event: 'stopped', round: state.round });
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
    if (effect.checkpoint) {
      const saved = deps.checkpoints.save(keeper.snapshot());
      deps.emit({ event: 'checkpoint', round: effect.round, ...saved });
    }
    openedAt = now;
    desk.open(effect);
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
    if (accepted) deps.emit({ event: 'accepted', round, answers: [...accepted] });
    const report = keeper.advance(answers);
    if (probes.length > 0) deps.emit({ event: 'conflicts', round, ...conflictsOf(probes) });
    const now = deps.clock.now();
    const traffic = deps.traffic();
    const bytes = { up: traffic.up - lastTraffic.up, down: traffic.down - lastTraffic.down };
    lastTraffic = traffic;
    deps.emit({
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

  const finish = async () => {
    const sha256 = delivery.digest();
    const seconds = (deps.clock.now() - started) / 1000;
    const saved = deps.checkpoints.save(keeper.snapshot());
    deps.emit({ event: 'checkpoint', round: keeper.version, ...saved });
    if (selection.trunk)
      deps.emit({ event: 'selected', version: selection.best!, sha256: flatDigest(selection.trunk) });
    const rounds = keeper.version;
    const goodbye = { run: config.run, rounds, sha256 };
    await Promise.all(
      [...members.all.values()].map(({ connection }) =>
        delivery.tell(connection, (line) => line.send('finished', goodbye)),
      ),
    );
    end({ kind: 'finished', rounds, sha256, scores: lastScores, seconds });
  };

  const conversation = createConversation(plan, {
    members,
    desk,
    state,
    clock: deps.clock,
    emit: deps.emit,
    feed,
    scored: (found) => void scores.push(...found),
  });

  return {
    members,
    done,
    connected: (connection) => conversation.handlers(connection),
    disconnected: (client, reason) => conversation.disconnected(client, reason),
    pause() {
      deps.emit({ event: 'paused', round: state.round });
      feed({ type: 'pause' });
    },
    resume() {
      deps.emit({ event: 'resumed', round: state.round });
      feed({ type: 'resume' });
    },
    stop: () => feed({ type: 'stop' }),
    rewind: (round) => feed({ type: 'rewind', round }),
    status: () => ({
      phase: state.paused ? 'paused' : state.phase,
      round: state.round,
      attempt: state.attempt,
      waitingFor: machine.waitingFor(),
    }),
    begin: () => machine.begin().forEach(carryOut),
  };
}
