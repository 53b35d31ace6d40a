import {
  CAPABILITIES,
  fail,
  type AnsweredMessage,
  type Hello,
  type Join,
  type Joined,
  type ScoresMessage,
  type TrunklineError,
  type Welcome,
} from '@trunkline/protocol';
import type { Checkpoints } from './checkpoints.ts';
import type { Clock } from './clock.ts';
import { conflictsOf } from './conflicts.ts';
import { openCredits, type Credits } from './credits.ts';
import { createDelivery } from './delivery.ts';
import type { ClientHandlers, Connection } from './gateway.ts';
import { openIntake, type RoundIntake } from './intake.ts';
import { createMembers, type Members } from './members.ts';
import type { Plan } from './plan.ts';
import type { Effect, RoundsConfig, RoundsEvent } from './round-events.ts';
import { beginRounds, byCodeUnits, initialRounds, step, waitingFor } from './rounds.ts';
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
  const { config, trunk, exchange } = plan;
  const { sync } = config.mode;
  const rules: RoundsConfig = { ...config, ...sync, expect: config.expect ?? [] };
  const state = initialRounds();
  const members = createMembers({ expect: config.expect, weights: config.weights, trunkInput: trunk.inputShape });
  const keeper = createTrunkStep(plan);
  const { tell, trunkTo, digest } = createDelivery(keeper, (client, error) =>
    deps.emit({ event: 'refused', client, message: 'send', error }),
  );
  const timers = new Map<string, () => void>();
  let intake: RoundIntake | null = null;
  let credits: Credits = openCredits(0, 4, false);
  let opened = { at: 0, probe: false, checkpoint: false, deadlineAt: 0 };
  let lastClosed = 0;
  let started = 0;
  let scores: ScoredTask[] = [];
  let lastScores: ScoredTask[] = [];
  let lastTraffic = { up: 0, down: 0 };
  const timings = new Map<string, { waitMs: number; stepMs: number; sendMs: number }>();
  const losses = new Map<string, number | null>();
  let settle: (outcome: Outcome) => void = () => undefined;
  const done = new Promise<Outcome>((resolve) => (settle = resolve));

  const end = (outcome: Outcome) => {
    for (const cancel of timers.values()) cancel();
    timers.clear();
    settle(outcome);
  };
  const feed = (event: RoundsEvent): void => step(rules, state, event).forEach(carryOut);

  const carryOut = (effect: Effect): void => {
    switch (effect.do) {
      case 'open':
        return openRound(effect);
      case 'repeat':
        if (state.phase === 'training') void ask(effect.client);
        else void askScores(effect.client);
        return;
      case 'close':
        return closeRound(effect.clients);
      case 'evaluate':
        scores = [];
        for (const client of effect.clients) void askScores(client);
        return;
      case 'scored':
        lastScores = scores.sort((a, b) => byCodeUnits(a.task, b.task) || byCodeUnits(a.client, b.client));
        return deps.emit({ event: 'scores', version: effect.version, split: effect.split, tasks: lastScores });
      case 'rewind':
        keeper.restore(deps.checkpoints.load(effect.round));
        for (const member of members.all.values()) {
          member.holds = null;
          void tell(member.connection, (line) => line.send('rewind', { round: effect.round, attempt: effect.attempt }));
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
    if (effect.checkpoint && effect.attempt >= 0) {
      const saved = deps.checkpoints.save(keeper.snapshot());
      deps.emit({ event: 'checkpoint', round: effect.round, ...saved });
    }
    const asked = members.asked(effect.clients);
    intake = openIntake({ round: effect.round, attempt: effect.attempt, exchange, length: trunk.layout.length, asked });
    credits = openCredits(asked.length, trunk.layout.length * 4, exchange === 'sum');
    opened = {
      at: now,
      probe: effect.probe && exchange === 'sum',
      checkpoint: effect.checkpoint,
      deadlineAt: now + sync.deadlineMs,
    };
    timings.clear();
    losses.clear();
    for (const client of effect.clients) void ask(client);
  };

  /** Sends the open round to a client, and the trunk if it does not hold it. The round goes first: it is small, and lets the client prepare its batch. */
  const ask = async (client: string) => {
    const round = intake!;
    const asked = members.asked([...state.asked].sort(byCodeUnits));
    const place = asked.findIndex((entry) => entry.client === client);
    const member = members.all.get(client)!;
    await tell(member.connection, (line) => {
      const sent = trunkTo(member, state.attempt);
      const called = line.send('round', {
        round: round.round,
        attempt: round.attempt,
        version: keeper.version,
        lambda: { ...asked[place]!.lambda },
        exchange,
        probe: opened.probe,
        checkpoint: opened.checkpoint,
        deadlineMs: Math.max(0, Math.round(opened.deadlineAt - deps.clock.now())),
        credit: credits.initial(place),
      });
      return Promise.all([sent, called]);
    });
  };

  const askScores = async (client: string) => {
    const scoring = state.scoring[0];
    const member = members.all.get(client)!;
    if (!scoring) return;
    await tell(member.connection, (line) =>
      Promise.all([
        trunkTo(member, state.attempt),
        line.send('evaluate', { version: keeper.version, attempt: state.attempt, split: scoring }),
      ]),
    );
  };

  const tellWaiting = () => {
    const { clients, tasks } = waitingFor(rules, state);
    const phase = state.paused
      ? 'paused'
      : state.phase === 'gathering' || state.phase === 'evaluating'
        ? state.phase
        : 'training';
    const waitingCount = clients.length || tasks.length;
    for (const member of members.all.values()) {
      void tell(member.connection, (line) =>
        line.send('status', { phase, round: state.round, waitingFor: waitingCount }),
      );
    }
  };

  const closeRound = (clients: readonly string[]) => {
    const round = intake!;
    const begun = deps.clock.now();
    const answers = round.answers();
    const report = keeper.advance(answers);
    if (
      opened.probe ||
      (answers.exchange === 'rows' && config.probeEvery > 0 && round.round % config.probeEvery === 0)
    ) {
      const rows = round.probes();
      if (rows.length > 0) deps.emit({ event: 'conflicts', round: round.round, ...conflictsOf(rows) });
    }
    const now = deps.clock.now();
    const traffic = deps.traffic();
    const bytes = { up: traffic.up - lastTraffic.up, down: traffic.down - lastTraffic.down };
    lastTraffic = traffic;
    deps.emit({
      event: 'round',
      round: round.round,
      attempt: round.attempt,
      losses: Object.fromEntries([...losses].sort(([a], [b]) => byCodeUnits(a, b))),
      ...report,
      clients: Object.fromEntries(clients.map((client) => [client, timings.get(client)!])),
      timing: { answersMs: begun - opened.at, aggregateMs: now - begun, roundMs: now - lastClosed },
      bytes,
    });
    lastClosed = now;
    intake = null;
    feed({ type: 'closed', round: round.round });
  };

  const finish = async () => {
    const sha256 = digest();
    const seconds = (deps.clock.now() - started) / 1000;
    const saved = deps.checkpoints.save(keeper.snapshot());
    deps.emit({ event: 'checkpoint', round: keeper.version, ...saved });
    const goodbye = { run: config.run, rounds: config.rounds, sha256 };
    await Promise.all(
      [...members.all.values()].map((member) => tell(member.connection, (line) => line.send('finished', goodbye))),
    );
    end({ kind: 'finished', rounds: config.rounds, sha256, scores: lastScores, seconds });
  };

  const welcome = (client: string, message: Hello): Welcome => {
    if (message.trunk !== undefined && message.trunk !== trunk.digest) {
      throw fail('TRUNK_DIFFERS', { client, found: message.trunk.slice(0, 12), expected: trunk.digest.slice(0, 12) });
    }
    const { seed, rounds, evaluateEvery, probeEvery } = config;
    return {
      run: config.run,
      seed,
      capabilities: [...CAPABILITIES],
      trunk: { spec: trunk.spec, digest: trunk.digest, parameters: trunk.layout.length },
      rounds,
      exchange,
      weightHeads: plan.weightHeads,
      evaluateEvery,
      probeEvery,
    };
  };

  const seat = (connection: Connection, message: Join): Joined => {
    const again = members.all.has(connection.client);
    const member = members.seat(connection, message);
    const tasks = member.offers.map(({ id }) => id);
    const labelled = Object.fromEntries(member.offers.map((offer) => [offer.id, offer.labelled]));
    const { backend, library, device } = message.machine;
    deps.emit({
      event: 'joined',
      client: member.client,
      tasks,
      labelled,
      backend: `${backend} (${library}, ${device})`,
      again,
    });
    // The acknowledgement goes out before the first call.
    setImmediate(() => feed({ type: 'joined', client: member.client, tasks }));
    return { round: state.round, attempt: state.attempt };
  };

  const keepAnswer = (client: string, message: AnsweredMessage) => {
    const round = open(message.round);
    round.answered(client, message);
    timings.set(client, message.timing);
    const labelled = message.losses.filter((loss) => loss.labelled > 0);
    const rowIds = members.asked([client])[0]!.rowIds;
    for (const { task, loss } of labelled) losses.set(rowIds[task]!, loss);
    grantMore();
    const sound = labelled.filter(({ loss }) => loss !== null).map(({ task }) => task);
    const diverged = labelled.filter(({ loss }) => loss === null).map(({ task }) => task);
    // The acknowledgement goes out before what this answer may set off.
    setImmediate(() =>
      feed({ type: 'answered', client, round: message.round, attempt: message.attempt, sound, diverged }),
    );
  };

  const keepScores = (client: string, message: ScoresMessage) => {
    if (message.version !== state.round || message.split !== state.scoring[0]) return;
    for (const { task, loss, metrics } of message.tasks) scores.push({ task, client, loss, metrics });
    feed({ type: 'scored', client, version: message.version, split: message.split });
  };

  const open = (round: number): RoundIntake => {
    if (!intake) throw fail('CONTRIBUTION_STALE', { found: round, expected: 'none' });
    return intake;
  };

  const grantMore = () => {
    if (!intake) return;
    const clients = [...state.asked].sort(byCodeUnits);
    for (const place of credits.grant(intake.added)) {
      const member = members.all.get(clients[place]!);
      const credit = { round: intake.round, attempt: intake.attempt, chunks: credits.chunks };
      void tell(member?.connection ?? null, (line) => line.send('credit', credit));
    }
  };

  return {
    members,
    done,
    connected: (connection) => {
      const { client } = connection;
      return {
        hello: (message) => welcome(client, message),
        join: (message) => seat(connection, message),
        contribution: (message) => open(message.round).announce(client, message),
        chunk(message, bytes) {
          open(state.round).chunk(client, message, bytes);
        },
        answered: (message) => keepAnswer(client, message),
        scores: (message) => keepScores(client, message),
        leave(message) {
          deps.emit({ event: 'left', client, reason: message.reason });
        },
      };
    },
    disconnected(client, reason) {
      const member = members.all.get(client);
      if (!member?.connection || state.phase === 'finished' || state.phase === 'ended') return;
      members.leave(client, state.phase !== 'gathering');
      deps.emit({ event: 'left', client, reason });
      feed({ type: 'left', client });
    },
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
      waitingFor: waitingFor(rules, state),
    }),
    begin: () => beginRounds(rules, state).forEach(carryOut),
  };
}
