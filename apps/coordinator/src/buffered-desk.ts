import { grainCount, fail, type AnsweredMessage } from '@trunkline/protocol';
import { addScaled, roundScaled, combineRows } from '@trunkline/model/aggregation';
import { answerBook, type ClosedRound, type Desk } from './desk.ts';
import { openIntake, requireOpen, type Asked, type RoundIntake } from './intake.ts';
import type { JournalPart } from './journal/journal.ts';
import type { CalledRecord } from './journal/record.ts';
import type { BufferRules } from './mode.ts';
import type { Plan } from './plan.ts';
import type { DeskDeps } from './round-desk.ts';
import { byCodeUnits } from './rounds.ts';
import type { Accepted } from './run-events.ts';
import { stalenessScale } from './staleness.ts';
import type { Answers, Row } from './trunk-step.ts';
import type { UploadsDeps } from './uploads.ts';

/** An answer that is due from a client. */
interface Call {
  readonly intake: RoundIntake;
  readonly asked: Asked;
  /** Trunks that it was sent to be answered from: asked again after a broken line, it may start from a newer one. */
  readonly versions: Set<number>;
  readonly probe: boolean;
  /** What the journal says of it so far. */
  readonly parts: JournalPart[];
  /** Once it is complete: from which trunk, and what it says. */
  answer?: { readonly version: number; readonly message: AnsweredMessage };
}

/** An answer that is in, as it is added. */
export interface HeldAnswers extends Pick<Accepted, 'client' | 'call' | 'scale'> {
  readonly answers: Answers;
}

interface Held extends Omit<Accepted, 'attempt'>, HeldAnswers {
  /** The attempt that it was asked for in. */
  readonly under: number;
  readonly probes: readonly Row[];
  readonly parts: readonly JournalPart[];
}

/** The desk of `buffered`: each client has its own count of answers, each from the trunk that was the newest when it was asked. */
export function createBufferedDesk(plan: Plan, rules: BufferRules, deps: DeskDeps): Desk {
  const { members, keeper, delivery, recorder } = deps;
  const { exchange, trunk, config, pace } = plan;
  const { wants } = plan.strategy;
  const book = answerBook();
  const calls = new Map<string, Call>();
  /** Answers of each client so far. */
  const counts = new Map<string, number>();
  let held: Held[] = [];
  let attempt = 0;
  let probing = false;

  const due = (client: string): Call => {
    const call = calls.get(client);
    if (!call) throw fail('CONTRIBUTION_STALE', { found: 'some', expected: 'none' });
    return call;
  };
  const begin = (called: Pick<CalledRecord, 'client' | 'round' | 'attempt' | 'asked' | 'probe'>): Call => {
    const { client, round, attempt, asked, probe } = called;
    const { length } = trunk.layout;
    const bounds = { probe: probe && exchange === 'sum', maxNorm: config.maxNorm };
    const parts: JournalPart[] = [];
    const record: UploadsDeps['record'] =
      recorder.contribution &&
      ((from, message, body) => {
        parts.push({ record: { kind: 'contribution', client: from, message }, body });
        return recorder.contribution!(from, message, body);
      });
    const intake = openIntake({ round, attempt, exchange, length, asked: [asked], wants, record, ...bounds });
    const call: Call = { intake, asked, versions: new Set(), probe, parts };
    calls.set(client, call);
    return call;
  };
  const callOf = (client: string): Call => {
    const known = calls.get(client);
    if (known) return known;
    // λ is shared out among all who are seated, whoever answers next.
    const all = members.asked([...members.all.keys()].sort(byCodeUnits));
    const asked = all.find((entry) => entry.client === client)!;
    return begin({ client, round: counts.get(client) ?? 0, attempt, asked, probe: probing });
  };
  /** Notes a trunk that the call may be answered from. */
  const callFrom = (client: string, call: Call, version: number) => {
    if (call.versions.has(version)) return;
    call.versions.add(version);
    const { intake, asked, probe } = call;
    const { round, attempt } = intake;
    const record = { kind: 'called', client, round, attempt, version, asked, probe } as const;
    if (recorder.contribution) call.parts.push({ record });
    recorder.note(record);
  };
  const answered = (client: string, message: AnsweredMessage) => {
    const call = due(client);
    // Said twice, it comes when the next answer is due: from which trunk that one is has nothing to do with it.
    requireOpen(message.round, message.attempt, call.intake.round, call.intake.attempt);
    const version = versionOf(call, message);
    call.intake.answered(client, message);
    call.answer = { version, message };
    if (recorder.contribution) call.parts.push({ record: { kind: 'answered', client, message } });
  };
  const settle = (client: string): number | null => {
    const { intake, asked, probe, answer, parts } = due(client);
    const { version, message } = answer!;
    calls.delete(client);
    counts.set(client, intake.round + 1);
    book.note(client, message, asked.rowIds);
    const age = keeper.version - version;
    const stale = age > rules.maxAge;
    const scale = stale ? 0 : stalenessScale(rules.staleness, age);
    const probes = probe && !stale ? intake.probes() : [];
    const { round: call, attempt: under } = intake;
    held.push({ client, call, under, version, age, scale, answers: intake.answers(), probes, parts });
    return stale ? age : null;
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
      const call = callOf(client);
      // The trunk may move on while this has to wait for the disk: what was noted is what is sent.
      const asked = delivery.trunk();
      const { version } = asked;
      callFrom(client, call, version);
      const { intake, probe } = call;
      const { lambda, scale } = call.asked;
      await delivery.tell(member.connection, async (line) => {
        if (calls.get(client) !== call) return;
        const sent = delivery.trunkTo(member, attempt, asked);
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
          credit: grainCount(trunk.layout.length * 4),
        });
        await Promise.all([sent, called]);
      });
    },
    intake: (client) => due(client).intake,
    current: (client) => due(client).intake,
    answered,
    settle,
    renew(next) {
      attempt = next;
      const dropped = [...calls.values()].reduce((sum, { intake }) => sum + intake.taken, 0);
      for (const { intake } of calls.values()) intake.close();
      calls.clear();
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
        answers: mergeAnswers(used, trunk.layout.length),
        probes: latestRows(used.flatMap(({ probes }) => probes)),
        losses: new Map(book.losses),
        timings: new Map(book.timings),
        accepted,
        counted: accepted,
      };
      book.clear();
      return closed;
    },
    counts: () => Object.fromEntries(counts),
    restoreCounts(given) {
      for (const [client, count] of Object.entries(given)) counts.set(client, count);
    },
    pending: () => [
      ...held.flatMap(({ client, parts }) => [...parts, { record: { kind: 'held', client } } as const]),
      ...[...calls.values()].flatMap(({ parts }) => parts),
    ],
    retell(record, body) {
      if (record.kind === 'opened') {
        attempt = record.attempt;
        probing = record.probe;
      }
      if (record.kind === 'called') callFrom(record.client, calls.get(record.client) ?? begin(record), record.version);
      if (record.kind === 'contribution') {
        const { intake, parts } = due(record.client);
        intake.restore(record.client, record.message, body);
        parts.push({ record, body: body.slice() });
      }
      if (record.kind === 'answered') answered(record.client, record.message);
      if (record.kind === 'held') settle(record.client);
    },
  };
}

function versionOf({ versions, intake }: Call, message: AnsweredMessage): number {
  const version = message.version ?? Math.max(...versions);
  if (versions.has(version)) return version;
  throw fail('MESSAGE_INVALID', {
    event: 'answered',
    problem: `round ${intake.round} was not asked from trunk ${version}`,
  });
}

/**
 * The answers since the last close as one round's: each is multiplied by its s(τ); where a client answered more than once its
 * answers count as their mean, so that λ means the same for fast and slow. In the order (task, client, call), float64, rounded once.
 */
export function mergeAnswers(held: readonly HeldAnswers[], length: number): Answers {
  const times = (client: string) => held.filter((one) => one.client === client).length;
  if (held.every(({ answers }) => answers.exchange === 'sum')) {
    let sum: Float64Array | null = null;
    const tasks = new Map<string, number>();
    for (const { client, scale, answers } of held) {
      if (answers.exchange !== 'sum' || !answers.sum) continue;
      addScaled((sum ??= new Float64Array(length)), roundScaled(answers.sum, 1), scale / times(client));
      tasks.set(client, Math.max(answers.tasks, tasks.get(client) ?? 0));
    }
    return { exchange: 'sum', sum, tasks: [...tasks.values()].reduce((all, count) => all + count, 0) };
  }
  const given = new Map<string, Scaled[]>();
  for (const { scale, answers } of held) {
    for (const row of answers.exchange === 'rows' ? answers.rows : [])
      given.set(row.id, [...(given.get(row.id) ?? []), { row, scale }]);
  }
  const merged = [...given.values()].map((all): Row => {
    const { row: last } = all.at(-1)!;
    const values = meanOf(all, (row) => row.values)!;
    if (!last.extra) return { ...last, values };
    return { ...last, values, extra: last.extra.map((_, draw) => meanOf(all, (row) => row.extra?.[draw])) };
  });
  return { exchange: 'rows', rows: merged.sort(byRow) };
}

interface Scaled {
  readonly row: Row;
  readonly scale: number;
}

/** Mean of s(τ) times one of each row's vectors, over the rows that have it; undefined: none has. */
function meanOf(all: readonly Scaled[], vectorOf: (row: Row) => Float32Array | undefined): Float32Array | undefined {
  const there = all.flatMap(({ row, scale }) => {
    const values = vectorOf(row);
    return values ? [{ values, scale }] : [];
  });
  if (there.length === 0) return undefined;
  return combineRows(
    there.map(({ values }) => values),
    there.map(({ scale }) => scale / there.length),
  );
}

/** By task, then by client: an id is `task` or `task@client`. */
function byRow(a: Row, b: Row): number {
  const [task = '', client = ''] = a.id.split('@');
  const [otherTask = '', otherClient = ''] = b.id.split('@');
  return byCodeUnits(task, otherTask) || byCodeUnits(client, otherClient);
}

const latestRows = (rows: readonly Row[]): Row[] => [...new Map(rows.map((row) => [row.id, row])).values()].sort(byRow);
