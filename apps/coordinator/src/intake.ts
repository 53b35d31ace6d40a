import {
  bytesOf,
  codecOfKind,
  codedBytes,
  fail,
  floatsOf,
  limits,
  type AnsweredMessage,
  type ContributionMessage,
  type UplinkCodec,
} from '@trunkline/protocol';
import { DRAWS, type Wants } from '@trunkline/model/aggregation';
import { decodeValues } from '@trunkline/model/codec';
import { normOf } from '@trunkline/model/optimizer';
import { byteBudget, type ByteBudget } from './byte-budget.ts';
import type { BytePool } from './byte-pool.ts';
import { orderedSum, type OrderedSum } from './ordered-sum.ts';
import { byCodeUnits } from './by-code-units.ts';
import type { Answers, Row } from './trunk-step.ts';
import type { Turns } from './turns.ts';
import { openUploads, type Given, type Uploads, type UploadsDeps } from './uploads.ts';

/** What one client was asked in a round. */
export interface Asked {
  readonly client: string;
  /** λ of each of its tasks. */
  readonly lambda: Readonly<Record<string, number>>;
  /** What each of its tasks multiplies its row by, where rows are weighted by samples. */
  readonly scale?: Readonly<Record<string, number>>;
  /** Row ids of its tasks. */
  readonly rowIds: Readonly<Record<string, string>>;
}

/** Takes in one round's contributions: decode → verify (round, attempt, length, hash, finite, norm) → journal → hold or add. */
export interface RoundIntake extends Uploads {
  readonly round: number;
  readonly attempt: number;
  /** The client has nothing more to send; its losses, row by row. */
  answered(client: string, message: AnsweredMessage): void;
  /** Contributions that are in. */
  readonly taken: number;
  /** Bytes of contributions that are in memory, whole or not. */
  readonly held: number;
  /** Who contributed to the step, in the order in which it is added. */
  readonly contributors: readonly string[];
  /** How many clients, in sorted order, have been added for good: whose memory is free again. */
  readonly added: number;
  /** Closes the round. Rows stand in the order (task, client). */
  answers(): Answers;
  /** Nobody reads rows of this round any more: their memory may be used again. */
  release(): void;
  /** Rows sent for the conflict matrix, in the order (task, client). */
  probes(): Row[];
}

type Kind = ContributionMessage['kind'];

export interface IntakeMemory {
  readonly sum: Float64Array;
  /** Of sums, which come back once they are added. */
  readonly uploads: BytePool;
  /** Of rows, which come back once the next round opens; left out: new memory each round. */
  readonly rows?: BytePool;
  /** Of what a codec wrote, which comes back once its values are read; left out: new memory each time. */
  readonly coded?: BytePool;
}

export function openIntake(options: {
  round: number;
  attempt: number;
  exchange: 'sum' | 'rows';
  /** Elements of the trunk. */
  length: number;
  /** In client order. */
  asked: readonly Asked[];
  /** How contributions are written; left out: float32. */
  codec?: UplinkCodec | undefined;
  /** What the strategy asks for beside rows and losses. */
  wants?: readonly Wants[];
  /** Rows for the conflict matrix were asked for. */
  probe?: boolean;
  /** A contribution whose L2 norm is above is refused. */
  maxNorm?: number | undefined;
  /** Bytes of all sums that are under way together; left out: of all that were asked for. */
  budget?: number;
  /** Memory to use again from round to round. */
  memory?: IntakeMemory;
  /** Where large contributions wait for their turn. */
  turns?: Turns;
  /** Where sums go; left out: they are added up in client order. */
  sum?: OrderedSum | undefined;
  /** The journal, where the mode has one. */
  record?: UploadsDeps['record'];
}): RoundIntake {
  const { round, attempt, exchange, length, memory, codec, maxNorm = Infinity } = options;
  const asked = new Map(options.asked.map((entry) => [entry.client, entry]));
  const rows = new Map<string, { task: string; client: string; values: Float32Array; kind: Kind }>();
  const losses = new Map<string, number>();
  const after = new Map<string, number>();
  const extras = options.wants?.includes('extra-batches') ?? false;
  const wanted = (kind: Kind) =>
    kind === 'probe'
      ? (options.probe ?? false) && exchange === 'sum'
      : kind === 'sum' || kind === 'row'
        ? (kind === 'row') === (exchange === 'rows')
        : extras;
  const counted = new Map<string, number>();
  const budget = budgetOf(options, extras);
  const sum =
    options.sum ??
    orderedSum(
      length,
      options.asked.map(({ client }) => client),
      {
        into: memory?.sum,
        turns: length * 4 < limits.turnBytes ? undefined : options.turns,
        added(client, values) {
          budget.release(client, values.byteLength);
          memory?.uploads.give(bytesOf(values));
        },
      },
    );
  const summed = new Map<string, readonly string[]>();
  const shareOf = ({ lambda, scale }: Asked, task: string) => lambda[task]! * (scale?.[task] ?? 1);
  const total = (tasks: Iterable<readonly [string, readonly string[]]>) =>
    [...tasks].reduce(
      (sum, [client, names]) => names.reduce((all, task) => all + shareOf(asked.get(client)!, task), sum),
      0,
    );

  const poolOf = (kind: Kind) => memory?.[kind === 'sum' ? 'uploads' : 'rows'];
  const read = (client: string, message: ContributionMessage, bytes: Uint8Array) => {
    const { encoding, kind } = message;
    if (encoding === 'f32') return judged(client, message, floatsOf(bytes));
    const into = poolOf(kind)?.take(length * 4) ?? new Uint8Array(length * 4);
    try {
      const what = `The ${kind} of ${client} for round ${round}`;
      return judged(client, message, decodeValues({ encoding, bytes, codec, what }, floatsOf(into)));
    } catch (error) {
      poolOf(kind)?.give(into);
      throw error;
    }
  };
  const judged = (client: string, message: ContributionMessage, values: Float32Array) => {
    // The norm is finite where every value is: one pass answers both questions.
    const norm = message.kind === 'sum' || maxNorm < Infinity ? normOf(values) : 0;
    // A row that is not finite is set aside by the strategy; a sum cannot be taken apart any more.
    if (message.kind === 'sum' && !Number.isFinite(norm)) throw fail('CONTRIBUTION_NOT_FINITE', { client, round });
    if (norm > maxNorm && norm < Infinity)
      throw fail('CONTRIBUTION_NORM', { kind: message.kind, client, round, found: norm, expected: maxNorm });
    return values;
  };
  const accept = (client: string, message: ContributionMessage, { values, bytes }: Given) => {
    if (message.encoding !== 'f32') memory?.coded?.give(bytes);
    counted.set(client, (counted.get(client) ?? 0) + 1);
    if (message.kind === 'sum') {
      summed.set(client, message.tasks);
      sum.put(client, values);
    } else {
      const task = message.tasks[0]!;
      rows.set(`${message.kind}/${task}/${client}`, { task, client, values, kind: message.kind });
    }
  };
  const uploads = openUploads({
    round,
    budget,
    size: length * 4,
    take: ({ kind, encoding, bytes }) =>
      (encoding === 'f32' ? poolOf(kind) : memory?.coded)?.take(bytes) ?? new Uint8Array(bytes),
    read,
    record: options.record,
    turns: options.turns,
    accept,
  });

  return {
    round,
    attempt,
    announce(client, message) {
      requireOpen(message.round, message.attempt, round, attempt);
      const tasks = asked.get(client)?.lambda ?? {};
      const stranger = message.tasks.find((task) => !Object.hasOwn(tasks, task));
      if (stranger !== undefined || !wanted(message.kind)) {
        throw fail('MESSAGE_INVALID', {
          event: 'contribution',
          problem: stranger ? `task ${stranger} was not asked` : `kind ${message.kind} was not asked`,
        });
      }
      if (message.encoding !== 'f32' && message.encoding !== codecOfKind(message.kind, codec)?.name) {
        const problem = `a ${message.kind} in ${message.encoding} was not agreed to`;
        throw fail('MESSAGE_INVALID', { event: 'contribution', problem });
      }
      const expected = codedBytes(message.encoding, length, codec);
      if (message.bytes !== expected)
        throw fail('MESSAGE_TOO_LARGE', { event: 'contribution', found: message.bytes, expected });
      return uploads.announce(client, message);
    },
    chunk: (client, message, bytes) => uploads.chunk(client, message, bytes),
    restore: (client, message, bytes) => uploads.restore(client, message, bytes),
    close() {
      uploads.close();
      sum.stop();
    },
    answered(client, message) {
      requireOpen(message.round, message.attempt, round, attempt);
      if ((counted.get(client) ?? 0) !== message.contributions) {
        const problem = `${message.contributions} contributions announced, ${counted.get(client) ?? 0} arrived`;
        throw fail('MESSAGE_INVALID', { event: 'answered', problem });
      }
      for (const { task, loss, after: later } of message.losses) {
        losses.set(`${task}/${client}`, loss ?? NaN);
        if (later !== undefined) after.set(`${task}/${client}`, later ?? NaN);
      }
      if (!summed.has(client)) sum.put(client, null);
    },
    get taken() {
      return [...counted.values()].reduce((sum, count) => sum + count, 0);
    },
    get held() {
      return budget.held;
    },
    get contributors() {
      const rowsOf = new Set([...rows.values()].flatMap(({ client, kind }) => (kind === 'row' ? [client] : [])));
      return [...asked.keys()].filter((client) => summed.has(client) || rowsOf.has(client));
    },
    get added() {
      return sum.added;
    },
    answers() {
      uploads.close();
      const all = total([...asked].map(([client, { lambda }]) => [client, Object.keys(lambda)] as const));
      if (exchange === 'rows') return { exchange, rows: ordered('row'), all };
      // In client order, so that the sum of shares is the same for every order of arrival.
      const answered = [...asked.keys()].flatMap((client) => {
        const names = summed.get(client);
        return names ? [[client, names] as const] : [];
      });
      const named = answered.flatMap(([, names]) => names);
      return { exchange, sum: sum.finish(), tasks: named.length, named, share: total(answered), all };
    },
    probes: () => ordered(exchange === 'rows' ? 'row' : 'probe'),
    release() {
      for (const { values } of rows.values()) memory?.rows?.give(bytesOf(values));
      rows.clear();
    },
  };

  function ordered(kind: 'row' | 'probe'): Row[] {
    return [...rows.values()]
      .filter((row) => row.kind === kind)
      .sort((a, b) => byCodeUnits(a.task, b.task) || byCodeUnits(a.client, b.client))
      .map(({ task, client, values }) => {
        const call = asked.get(client)!;
        return {
          id: call.rowIds[task]!,
          lambda: call.lambda[task]!,
          share: shareOf(call, task),
          loss: losses.get(`${task}/${client}`) ?? NaN,
          values,
          ...(after.has(`${task}/${client}`) ? { after: after.get(`${task}/${client}`)! } : {}),
          ...(extras && kind === 'row'
            ? { extra: DRAWS.map((draw) => rows.get(`${draw}/${task}/${client}`)?.values) }
            : {}),
        };
      });
  }
}

/** A client may have under way what it was asked for, once; sums, which are freed as they are added, as many as the budget holds. */
function budgetOf(
  { asked, exchange, length, probe, budget }: Parameters<typeof openIntake>[0],
  extras: boolean,
): ByteBudget {
  const rows = (exchange === 'rows' ? 1 : 0) + (probe ? 1 : 0) + (extras ? 2 : 0);
  const sums = exchange === 'sum' ? 1 : 0;
  const tasks = new Map(asked.map(({ client, lambda }) => [client, Object.keys(lambda).length]));
  const vectors = [...tasks.values()].reduce((sum, count) => sum + count * rows, 0);
  const held = vectors * length * 4 + Math.min(budget ?? Infinity, sums * asked.length * length * 4);
  return byteBudget((client) => ((tasks.get(client) ?? 0) * rows + sums) * length * 4, held);
}

/** @throws CONTRIBUTION_STALE */
export function requireOpen(found: number, foundAttempt: number, round: number, attempt: number): void {
  if (found === round && foundAttempt === attempt) return;
  throw fail('CONTRIBUTION_STALE', {
    found: `${found} (attempt ${foundAttempt})`,
    expected: `${round} (attempt ${attempt})`,
  });
}
