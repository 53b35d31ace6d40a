import {
  CAPABILITIES,
  codecsFor,
  fail,
  type AnsweredMessage,
  type AnswerId,
  type Clock,
  type Codecs,
  type Hello,
  type Join,
  type Joined,
  type ScoresMessage,
  type TrunklineError,
  type Welcome,
} from '@trunkline/protocol';
import type { CoreDeps } from './core-contract.ts';
import type { Desk } from './desk.ts';
import type { ClientHandlers, Connection } from './gateway.ts';
import type { Recorder } from './journal/recorder.ts';
import type { Ledger } from './ledger.ts';
import { seatedRecord, type Member, type Members } from './members.ts';
import type { Plan } from './plan.ts';
import type { RoundsEvent, RoundsState } from './round-events.ts';
import type { ScoredTask } from './run-events.ts';

export interface ConversationDeps {
  readonly members: Members;
  readonly desk: Desk;
  readonly state: Readonly<RoundsState>;
  readonly clock: Clock;
  readonly emit: CoreDeps['emit'];
  readonly ledger: Pick<Ledger, 'birth' | 'contradicts'>;
  readonly recorder: Recorder;
  readonly feed: (event: RoundsEvent) => void;
  readonly scored: (client: string, scores: readonly ScoredTask[]) => void;
  /** Asks a client for the scores that are due. */
  readonly askScores: (client: string) => void;
  /** The run is over: this client has not heard of it yet. */
  readonly farewell: (member: Member) => void;
  /** The run cannot go on. */
  readonly fail: (error: TrunklineError) => void;
}

/** What a client may say, and what it is answered. */
export interface Conversation {
  handlers(connection: Connection): ClientHandlers;
  /** The line is gone, on purpose or not. */
  disconnected(client: string, reason: string): void;
}

export function createConversation(plan: Plan, deps: ConversationDeps): Conversation {
  const { members, desk, state, clock, recorder, emit, feed } = deps;
  const { config } = plan;
  /** Clients that said goodbye and are still connected, with their reason. */
  const leaving = new Map<string, string>();

  /** Answers that are complete and not yet taken in. */
  const settling = new Map<string, Promise<void>>();

  const seat = (connection: Connection, message: Join): Joined => {
    const { client } = connection;
    const { stands, holds = [] } = message;
    // Said twice over one line: it is seated, and may have moved on since.
    if (members.all.get(client)?.connection === connection) return { round: state.round, attempt: state.attempt };
    const older = deps.ledger.contradicts(client, stands, holds);
    if (older) {
      // Nothing is lost yet while everyone is still being waited for: the folder can be put right.
      if (state.phase === 'gathering') clock.soon(() => deps.fail(older));
      throw older;
    }
    const again = members.all.has(client);
    const member = members.seat(connection, message);
    if (state.phase === 'finished') {
      clock.soon(() => deps.farewell(member));
      return { round: state.round, attempt: state.attempt };
    }
    member.cold = state.round > 0 && config.warmup > 0 && stands === undefined;
    recorder.note(seatedRecord(member));
    const tasks = member.offers.map(({ id }) => id);
    const labelled = Object.fromEntries(member.offers.map((offer) => [offer.id, offer.labelled]));
    emit({
      event: 'joined',
      client,
      tasks,
      labelled,
      backend: machineText(message.machine),
      again,
    });
    // The acknowledgement goes out before the first call.
    clock.soon(() => {
      // Its line may have broken in the same breath, and its seat be gone.
      if (members.all.get(client)?.connection === connection) feed({ type: 'joined', client, tasks, stands, holds });
    });
    return { round: state.round, attempt: state.attempt };
  };

  const keepAnswer = (client: string, message: AnsweredMessage) => {
    const { round, attempt } = message;
    const before = settling.get(`${client}/${round}/${attempt}`);
    if (before) return before;
    desk.answered(client, message);
    members.all.get(client)!.cold = false;
    recorder.note({ kind: 'answered', client, message });
    const labelled = message.losses.filter((loss) => loss.labelled > 0);
    const sound = labelled.filter(({ loss }) => loss !== null).map(({ task }) => task);
    const diverged = labelled.filter(({ loss }) => loss === null).map(({ task }) => task);
    const settle = () => {
      settling.delete(`${client}/${round}/${attempt}`);
      const age = desk.settle(client);
      if (age !== null) emit({ event: 'dropped', client, age, maxAge: plan.pace.buffer?.maxAge ?? 0 });
      feed({ type: 'answered', client, round, attempt, sound, diverged, stale: age !== null });
    };
    // The acknowledgement goes out before what this answer may set off, and after the answer is on the disk.
    const written = recorder.durable() ?? Promise.resolve();
    const acknowledged = written.then(() => clock.soon(settle));
    settling.set(`${client}/${round}/${attempt}`, acknowledged);
    return acknowledged;
  };

  /** While others score, one that cannot send yet scores too, instead of keeping them. */
  const ready = (client: string, message: AnswerId) => {
    desk.ready(client, message);
    const due = state.phase === 'evaluating' && state.asked.has(client) && !state.answered.has(client);
    if (due && desk.waiting.includes(client)) deps.askScores(client);
  };

  const keepScores = (client: string, message: ScoresMessage) => {
    const { version, attempt, split, tasks } = message;
    if (version !== state.round || attempt !== state.attempt || split !== state.scoring[0]) return;
    const found = tasks.map(({ task, loss, metrics }) => ({ task, client, loss, metrics }));
    recorder.note({ kind: 'scores', client, version, split, tasks: found });
    deps.scored(client, found);
    feed({ type: 'scored', client, version, split });
  };

  return {
    handlers: (connection) => {
      const { client } = connection;
      /** What this line was welcomed to. */
      let codecs: Codecs | undefined;
      return {
        hello(message) {
          codecs = codecsFor(plan.codecs, message.capabilities);
          return { ...welcomeOf(plan, client, { message, codecs }), birth: deps.ledger.birth };
        },
        join(message) {
          const reply = seat(connection, message);
          const member = members.all.get(client);
          if (member) member.codes = codecs?.down !== undefined;
          return reply;
        },
        contribution: (message) => desk.announce(client, message),
        chunk: (message, bytes) => desk.chunk(client, message, bytes),
        ready: (message) => ready(client, message),
        answered: (message) => keepAnswer(client, message),
        scores: (message) => keepScores(client, message),
        leave: ({ reason }) => void leaving.set(client, reason),
      };
    },
    disconnected(client, broken) {
      const reason = leaving.get(client);
      leaving.delete(client);
      const member = members.all.get(client);
      if (!member?.connection || state.phase === 'finished' || state.phase === 'ended') return;
      member.connection = null;
      emit({ event: 'left', client, reason: reason ?? broken });
      desk.left(client);
      feed({ type: 'left', client, goodbye: reason !== undefined });
      if (!state.seats.has(client)) members.remove(client);
    },
  };
}

/** A client's backend, as the screen says it. */
export const machineText = ({ backend, library, device, threads }: Join['machine']): string =>
  `${backend} (${library}, ${device}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`;

/** Heads that were trained on another trunk fit this one in no way. @throws TRUNK_DIFFERS */
export function refuseOtherTrunk(client: string, hello: Hello, { run, digest }: { run: string; digest: string }): void {
  const known = hello.run === undefined || hello.run === run;
  if (!known || hello.trunk === undefined || hello.trunk === digest) return;
  const [found, expected] = [hello.trunk.slice(0, 12), digest.slice(0, 12)];
  throw fail('TRUNK_DIFFERS', { at: `Client ${client}`, found, expected });
}

function welcomeOf(
  plan: Plan,
  client: string,
  { message, codecs }: { message: Hello; codecs: Codecs | undefined },
): Welcome {
  const { config, trunk, pace } = plan;
  refuseOtherTrunk(client, message, { run: config.run, digest: trunk.digest });
  const { seed, rounds, evaluateEvery, probeEvery } = config;
  const { steps, optimizer, proximal, scaffold } = pace.local ?? {};
  return {
    run: config.run,
    seed,
    capabilities: [...CAPABILITIES],
    trunk: { spec: trunk.spec, digest: trunk.digest, parameters: trunk.layout.length },
    rounds,
    ...(pace.buffer ? { answers: rounds * (pace.buffer.size + 1) + pace.buffer.size } : {}),
    exchange: plan.exchange,
    ...(pace.local ? { local: { steps: steps!, optimizer, proximal: proximal!, scaffold: scaffold! } } : {}),
    ...(codecs ? { codec: codecs } : {}),
    ...(plan.strategy.wants.length > 0 ? { wants: [...plan.strategy.wants] } : {}),
    weightHeads: plan.weightHeads,
    evaluateEvery,
    select: config.select,
    probeEvery,
    ...(pace.journal ? { outbox: true } : {}),
    warmup: config.warmup,
  };
}
