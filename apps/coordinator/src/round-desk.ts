import { kernels } from '@trunkline/model/kernel';
import { bytesOf, codedBytes, fail, type Clock } from '@trunkline/protocol';
import { bytePool } from './byte-pool.ts';
import { openCredits, type Credits } from './credits.ts';
import type { Delivery } from './delivery.ts';
import { answerBook, type Desk } from './desk.ts';
import { openIntake, type Asked, type IntakeMemory, type RoundIntake } from './intake.ts';
import type { OpenedRecord } from './journal/record.ts';
import type { Recorder } from './journal/recorder.ts';
import type { Members } from './members.ts';
import type { Plan } from './plan.ts';
import type { Timers } from './timers.ts';
import type { TrunkStep } from './trunk-step.ts';
import { createTurns } from './turns.ts';

export interface DeskDeps {
  readonly members: Members;
  readonly keeper: Pick<TrunkStep, 'version'>;
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly recorder: Recorder;
  /** The best trunk so far, where one is to be selected. */
  readonly best: () => number | null;
}

/** As much of a run's plan as a desk reads. */
export interface DeskPlan extends Pick<Plan, 'exchange' | 'codecs'> {
  readonly trunk: { readonly layout: { readonly length: number } };
  readonly config: Pick<Plan['config'], 'maxNorm' | 'probeEvery' | 'warmup' | 'uploadsMb'>;
  readonly pace: { readonly patience: Pick<Plan['pace']['patience'], 'deadlineMs'> };
  readonly strategy: Pick<Plan['strategy'], 'wants'>;
}

/** Uploads whose memory lies beside the sum; where more are under way at once, the others lie in memory of their own. */
const IN_ROOM = 16;

/** The desk of `sync` and `local`: all clients answer one open round from one trunk. */
export function createRoundDesk(plan: DeskPlan, deps: DeskDeps): Desk {
  const { members, keeper, delivery, clock, recorder, best } = deps;
  const { exchange, trunk, config, pace, codecs } = plan;
  const { wants } = plan.strategy;
  const book = answerBook();
  const turns = createTurns((then) => clock.soon(then));
  const summed = exchange === 'sum' ? trunk.layout.length : 0;
  // The sum and the uploads that are added to it lie where no copy is needed.
  const { up: codec } = codecs;
  const codedSize = codec ? codedBytes(codec.name, trunk.layout.length, codec) : 0;
  const room = kernels().room(summed * (8 + 4 * IN_ROOM) + (summed > 0 ? codedSize * IN_ROOM : 0));
  const memory: IntakeMemory = {
    sum: room.float64(summed),
    uploads: bytePool(64, (size) => bytesOf(room.float32(size / 4))),
    rows: bytePool(64),
    coded: bytePool(64, (size) => unsigned(room.int8(size))),
  };
  let intake: RoundIntake | null = null;
  let closed: RoundIntake | null = null;
  let asked: readonly Asked[] = [];
  /** Client → its place in `asked`. */
  let places: ReadonlyMap<string, number> = new Map();
  let credits: Credits = openCredits(0, 4, Infinity);
  let opened = { probe: false, checkpoint: false, deadlineAt: 0 };

  const current = () => {
    if (!intake) throw fail('CONTRIBUTION_STALE', { found: 'some', expected: 'none' });
    return intake;
  };
  const grantMore = () => {
    const { round, attempt, added } = current();
    for (const place of credits.grant(added)) {
      const member = members.all.get(asked[place]!.client);
      const credit = { round, attempt, chunks: credits.chunks };
      void delivery.tell(member?.connection ?? null, (line) => line.send('credit', credit));
    }
  };
  const ask = async (client: string) => {
    const { round, attempt } = current();
    const place = places.get(client)!;
    const member = members.all.get(client);
    const { lambda, scale } = asked[place]!;
    const chosen = best();
    await delivery.tell(member?.connection ?? null, async (line) => {
      // It may have closed while this had to wait for the disk.
      if (intake?.round !== round || intake.attempt !== attempt) return;
      // The round goes first: it is small, and lets the client prepare its batch.
      const sent = delivery.trunkTo(member!, attempt);
      const called = line.send('round', {
        round,
        attempt,
        version: keeper.version,
        lambda: { ...lambda },
        ...(scale ? { scale: { ...scale } } : {}),
        exchange,
        probe: opened.probe,
        checkpoint: opened.checkpoint,
        ...(chosen === null ? {} : { best: chosen }),
        ...(member!.cold ? { warmup: config.warmup } : {}),
        ...(wants.length > 0 ? { wants: [...wants] } : {}),
        deadlineMs: Math.max(0, Math.round(opened.deadlineAt - clock.now())),
        credit: credits.initial(place),
      });
      await Promise.all([sent, called]);
    });
  };
  const openFor = ({ round, attempt, probe, checkpoint, ...record }: Omit<OpenedRecord, 'kind'>) => {
    asked = record.asked;
    places = new Map(asked.map(({ client }, place) => [client, place]));
    const { length } = trunk.layout;
    credits = openCredits(asked.length, length * 4, exchange === 'sum' ? config.uploadsMb * 1e6 : Infinity);
    opened = {
      probe: probe && exchange === 'sum',
      checkpoint,
      deadlineAt: clock.now() + pace.patience.deadlineMs,
    };
    const { maxNorm } = config;
    const bounds = { probe: opened.probe, budget: credits.bytes, maxNorm };
    // Gone back: what waited for its turn there must not reach the memory that this round uses.
    intake?.close();
    // What a round brought has become its trunk, or was left, by the time that the next one opens.
    (closed ?? intake)?.release();
    closed = null;
    intake = openIntake({
      round,
      attempt,
      exchange,
      length,
      asked,
      codec,
      wants,
      memory,
      turns,
      record: recorder.contribution,
      ...bounds,
    });
    book.clear();
  };
  const answered: Desk['answered'] = (client, message) => {
    current().answered(client, message);
    book.note(client, message, asked[places.get(client)!]!.rowIds);
  };
  return {
    open({ round, attempt, clients, probe, checkpoint }) {
      const record = { round, attempt, asked: members.asked(clients), probe, checkpoint };
      recorder.note({ kind: 'opened', ...record });
      openFor(record);
      for (const client of clients) void ask(client);
    },
    ask,
    announce: (client, message) => current().announce(client, message),
    chunk: (client, message, bytes) => current().chunk(client, message, bytes),
    // Sums are let in by their order, rows all at once: who is ready makes no difference.
    ready: () => undefined,
    left: () => undefined,
    waiting: [],
    answered(client, message) {
      answered(client, message);
      grantMore();
    },
    settle: () => null,
    renew() {
      const dropped = intake?.taken ?? 0;
      intake?.close();
      intake = null;
      return dropped;
    },
    close() {
      const round = current();
      const answers = round.answers();
      const due = answers.exchange === 'rows' && config.probeEvery > 0 && round.round % config.probeEvery === 0;
      const probes = opened.probe || due ? round.probes() : [];
      const counted = round.contributors.map((client) => ({ client, call: round.round }));
      [closed, intake] = [round, null];
      return { answers, probes, losses: book.losses, timings: book.timings, accepted: null, counted };
    },
    counts: () => ({}),
    restoreCounts: () => undefined,
    // Checkpoints are taken between two rounds.
    pending: () => [],
    retell(record, body) {
      if (record.kind === 'opened') openFor(record);
      if (record.kind === 'contribution') current().restore(record.client, record.message, body);
      if (record.kind === 'answered') answered(record.client, record.message);
    },
  };
}

const unsigned = ({ buffer, byteOffset, byteLength }: Int8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
