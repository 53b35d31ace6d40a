import { grainCount, fail } from '@trunkline/protocol';
import { createAnswerCredits } from './answer-credits.ts';
import { answerRoom } from './answer-room.ts';
import { createCalls, type Call } from './buffered-calls.ts';
import { answerBook, type ClosedRound, type Desk } from './desk.ts';
import { requireOpen } from './intake.ts';
import type { JournalPart } from './journal/journal.ts';
import type { DroppedRecord } from './journal/record.ts';
import { latestRows, mergeAnswers, type HeldAnswers } from './merge-answers.ts';
import type { BufferRules } from './mode.ts';
import type { Plan } from './plan.ts';
import type { DeskDeps } from './round-desk.ts';
import { byCodeUnits } from './by-code-units.ts';
import type { Accepted } from './run-events.ts';
import { stalenessScale } from './staleness.ts';
import type { Row } from './trunk-step.ts';

interface Held extends Omit<Accepted, 'attempt'>, HeldAnswers {
  /** The attempt that it was asked for in. */
  readonly under: number;
  readonly probes: readonly Row[];
  readonly parts: readonly JournalPart[];
}

const NOTHING = { exchange: 'rows', rows: [] } as const;

/** The desk of `buffered`: each client has its own count of answers, each from the trunk that was the newest when it was asked. */
export function createBufferedDesk(plan: Plan, rules: BufferRules, deps: DeskDeps): Desk {
  const { members, keeper, delivery, recorder, clock, timers } = deps;
  const { exchange, trunk, config, pace } = plan;
  const { wants } = plan.strategy;
  const { length } = trunk.layout;
  const book = answerBook();
  /** Answers of each client so far. */
  const counts = new Map<string, number>();
  const calls = createCalls(plan, recorder);
  let held: Held[] = [];
  let attempt = 0;
  let probing = false;

  /** Of an answer for so many tasks: a sum or rows, rows beside the sum, rows of further batches. */
  const bytesFor = (tasks: number, probe: boolean) => {
    const rows = (exchange === 'rows' ? 1 : 0) + (probe && exchange === 'sum' ? 1 : 0);
    const extra = wants.includes('extra-batches') ? 2 : 0;
    return ((exchange === 'sum' ? 1 : 0) + tasks * (rows + extra)) * length * 4;
  };
  const bytesOf = ({ asked, probe }: Call) => bytesFor(Object.keys(asked.lambda).length, probe);
  const credits = createAnswerCredits({
    ...{ clock, timers, deadlineMs: pace.patience.deadlineMs },
    room: answerRoom(config.uploadsMb * 1e6, () => {
      const tasks = [...members.all.values()].reduce((most, { offers }) => Math.max(most, offers.length), 0);
      return { size: rules.size, largest: bytesFor(tasks, config.probeEvery > 0) };
    }),
    connected: (client) => Boolean(members.all.get(client)?.connection),
    inMemory: (client) => calls.of(client)?.intake.held ?? 0,
    grant(client) {
      const { round, attempt: under } = calls.due(client).intake;
      const credit = { round, attempt: under, chunks: grainCount(length * 4) };
      void delivery.tell(members.all.get(client)?.connection ?? null, (line) => line.send('credit', credit));
    },
    forget(client) {
      if ((calls.of(client)?.intake.held ?? 0) === 0) return;
      recorder.note({ kind: 'forgotten', client });
      calls.forget(client);
    },
    part: (client) => members.all.get(client)?.connection?.close(),
  });
  const callTo = (client: string): Call => {
    const known = calls.of(client);
    if (known) return known;
    // λ is shared out among all who are seated, whoever answers next.
    const all = members.asked([...members.all.keys()].sort(byCodeUnits));
    const asked = all.find((entry) => entry.client === client)!;
    return calls.begin({ client, round: counts.get(client) ?? 0, attempt, asked, probe: probing });
  };
  const answersOf = ({ intake, sum }: Call): HeldAnswers['answers'] => {
    const answers = intake.answers();
    return answers.exchange === 'sum' && sum.values ? { ...answers, sum: sum.values } : answers;
  };
  /** An answer that is too old counts for nothing, and its bytes are let go of at once. */
  const drop = ({ client, round: call, attempt: under, asked, version, age, message }: Omit<DroppedRecord, 'kind'>) => {
    const record: DroppedRecord = {
      kind: 'dropped',
      client,
      round: call,
      attempt: under,
      asked,
      version,
      age,
      message,
    };
    held.push({ client, call, under, version, age, scale: 0, answers: NOTHING, probes: [], parts: [{ record }] });
    book.note(client, message, asked.rowIds);
  };
  const settle = (client: string): number | null => {
    const call = calls.due(client);
    const { intake, asked, probe, answer, parts } = call;
    const { version, message } = answer!;
    const { round, attempt: under } = intake;
    calls.remove(client);
    counts.set(client, round + 1);
    const age = keeper.version - version;
    if (age > rules.maxAge) {
      drop({ client, round, attempt: under, asked, version, age, message });
      credits.settled(client, 0);
      return age;
    }
    book.note(client, message, asked.rowIds);
    const scale = stalenessScale(rules.staleness, age);
    const probes = probe ? intake.probes() : [];
    const all: JournalPart[] = [...parts, { record: { kind: 'held', client } }];
    const answers = answersOf(call);
    held.push({ client, call: round, under, version, age, scale, answers, probes, parts: all });
    credits.settled(
      client,
      parts.reduce((sum, { body }) => sum + (body?.byteLength ?? 0), 0),
    );
    return null;
  };
  return {
    open(effect) {
      attempt = effect.attempt;
      probing = effect.probe;
      const { round, probe, checkpoint } = effect;
      recorder.note({ kind: 'opened', round, attempt, asked: [], probe, checkpoint });
    },
    async ask(client) {
      const member = members.all.get(client);
      if (!member?.connection) return;
      const call = callTo(client);
      // The trunk may move on while this has to wait for the disk: what was noted is what is sent.
      const asked = delivery.trunk();
      const { version } = asked;
      calls.from(client, version);
      credits.called(client, bytesOf(call));
      const { intake, probe } = call;
      const { lambda, scale } = call.asked;
      await delivery.tell(member.connection, async (line) => {
        // Forgotten meanwhile, it is still the same call.
        if (calls.of(client)?.asked !== call.asked) return;
        const sent = delivery.trunkTo(member, attempt, { trunk: asked });
        const called = line.send('round', {
          round: intake.round,
          attempt,
          version,
          lambda: { ...lambda },
          ...(scale ? { scale: { ...scale } } : {}),
          exchange,
          // Asked again, it may start from a trunk that no rows are due of.
          probe: probe && exchange === 'sum' && version % config.probeEvery === 0,
          checkpoint: false,
          ...(member.cold ? { warmup: config.warmup } : {}),
          ...(wants.length > 0 ? { wants: [...wants] } : {}),
          deadlineMs: pace.patience.deadlineMs,
          credit: credits.has(client) ? grainCount(length * 4) : 0,
        });
        await Promise.all([sent, called]);
      });
    },
    announce(client, message) {
      const { intake } = calls.due(client);
      requireOpen(message.round, message.attempt, intake.round, intake.attempt);
      if (!credits.has(client)) throw fail('UPLOAD_BUDGET', { client, found: message.bytes, expected: 0 });
      credits.moved(client);
      return intake.announce(client, message);
    },
    chunk(client, message, bytes) {
      const { intake } = calls.due(client);
      if (credits.has(client)) credits.moved(client);
      return intake.chunk(client, message, bytes);
    },
    ready(client, { round, attempt: under }) {
      const call = calls.due(client);
      requireOpen(round, under, call.intake.round, call.intake.attempt);
      credits.ready(client, bytesOf(call));
    },
    left: (client) => credits.left(client),
    get waiting() {
      return credits.waiting;
    },
    answered: (client, message) => calls.answered(client, message),
    settle,
    renew(next) {
      attempt = next;
      const { clients, dropped } = calls.clear();
      credits.renewed(clients);
      return dropped;
    },
    close() {
      const all = held.sort((a, b) => byCodeUnits(a.client, b.client) || a.call - b.call);
      held = [];
      const used = all.filter(({ scale }) => scale > 0);
      const accepted = all.map(({ client, call, under, version, age, scale }) => {
        const earlier = under === attempt ? {} : { attempt: under };
        return { client, call, ...earlier, version, age, scale };
      });
      const closed: ClosedRound = {
        answers: mergeAnswers(used, length),
        probes: latestRows(used.flatMap(({ probes }) => probes)),
        losses: new Map(book.losses),
        timings: new Map(book.timings),
        accepted,
        counted: accepted,
      };
      book.clear();
      credits.emptied();
      return closed;
    },
    counts: () => Object.fromEntries(counts),
    restoreCounts(given) {
      for (const [client, count] of Object.entries(given)) counts.set(client, count);
    },
    pending: () => [...held.flatMap(({ parts }) => parts), ...calls.parts()],
    retell(record, body) {
      if (record.kind === 'opened') {
        attempt = record.attempt;
        probing = record.probe;
      }
      if (record.kind === 'called') {
        if (!calls.of(record.client)) calls.begin(record);
        calls.from(record.client, record.version);
      }
      if (record.kind === 'contribution') {
        const call = calls.due(record.client);
        call.parts.push({ record, body: call.intake.restore(record.client, record.message, body) });
        credits.restored(record.client, bytesOf(call));
      }
      if (record.kind === 'answered') calls.answered(record.client, record.message);
      if (record.kind === 'held') settle(record.client);
      if (record.kind === 'forgotten') {
        calls.forget(record.client);
        credits.left(record.client);
      }
      if (record.kind === 'dropped') drop(record);
    },
  };
}
