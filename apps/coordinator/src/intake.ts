import {
  assemble,
  bytesOf,
  contributionTransfer,
  fail,
  floatsOf,
  sha256,
  type AnsweredMessage,
  type Assembly,
  type ChunkMessage,
  type ContributionMessage,
} from '@trunkline/protocol';
import { allFinite, type Wants } from '@trunkline/model/aggregation';
import type { BytePool } from './byte-pool.ts';
import { orderedSum, type OrderedSum } from './ordered-sum.ts';
import { byCodeUnits } from './rounds.ts';
import type { Answers, Row } from './trunk-step.ts';

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

/** Takes in one round's contributions: decode → verify (round, attempt, length, hash, finite) → hold or add. */
export interface RoundIntake {
  readonly round: number;
  readonly attempt: number;
  /** A contribution is announced; resolves once all of it is here and verified, rejects with the reason it is refused. */
  announce(client: string, message: ContributionMessage): Promise<void>;
  chunk(client: string, message: ChunkMessage, bytes: Uint8Array): void;
  /** The client has nothing more to send; its losses, row by row. */
  answered(client: string, message: AnsweredMessage): void;
  /** How many clients, in sorted order, have been added for good: whose memory is free again. */
  readonly added: number;
  /** Closes the round. Rows stand in the order (task, client). */
  answers(): Answers;
  /** Rows sent for the conflict matrix, in the order (task, client). */
  probes(): Row[];
}

type Kind = ContributionMessage['kind'];
/** The rows of the two further batches, in the order in which a strategy reads them. */
const DRAWS = ['extra-1', 'extra-2'] as const;

interface Transfer {
  readonly message: ContributionMessage;
  readonly assembly: Assembly;
  readonly done: { resolve: () => void; reject: (error: unknown) => void };
}

export interface IntakeMemory {
  readonly sum: Float64Array;
  readonly uploads: BytePool;
}

export function openIntake(options: {
  round: number;
  attempt: number;
  exchange: 'sum' | 'rows';
  /** Elements of the trunk. */
  length: number;
  /** In client order. */
  asked: readonly Asked[];
  /** What the strategy asks for beside rows and losses. */
  wants?: readonly Wants[];
  /** Memory to use again from round to round. */
  memory?: IntakeMemory;
}): RoundIntake {
  const { round, attempt, exchange, length, memory } = options;
  const asked = new Map(options.asked.map((entry) => [entry.client, entry]));
  const transfers = new Map<string, Transfer>();
  /** Hash of each transfer that is in: the same bytes again are acknowledged again and counted once. */
  const received = new Map<string, string>();
  const rows = new Map<string, { task: string; client: string; values: Float32Array; kind: Kind }>();
  const losses = new Map<string, number>();
  const after = new Map<string, number>();
  const extras = options.wants?.includes('extra-batches') ?? false;
  const wanted = (kind: Kind) =>
    kind === 'probe' || (kind === 'sum' || kind === 'row' ? (kind === 'row') === (exchange === 'rows') : extras);
  const counted = new Map<string, number>();
  const sum: OrderedSum = orderedSum(
    length,
    options.asked.map(({ client }) => client),
    memory && { into: memory.sum, added: (values) => memory.uploads.give(bytesOf(values)) },
  );
  const summed = new Map<string, readonly string[]>();
  const shareOf = ({ lambda, scale }: Asked, task: string) => lambda[task]! * (scale?.[task] ?? 1);
  const total = (tasks: Iterable<readonly [string, readonly string[]]>) =>
    [...tasks].reduce(
      (sum, [client, names]) => names.reduce((all, task) => all + shareOf(asked.get(client)!, task), sum),
      0,
    );

  const verify = (client: string, { message, assembly }: Transfer) => {
    if (sha256(assembly.bytes) !== message.sha256) throw fail('CONTRIBUTION_HASH', { client, round });
    const values = floatsOf(assembly.bytes);
    // A row that is not finite is set aside by the strategy; a sum cannot be taken apart any more.
    if (message.kind === 'sum' && !allFinite(values)) throw fail('CONTRIBUTION_NOT_FINITE', { client, round });
    counted.set(client, (counted.get(client) ?? 0) + 1);
    if (message.kind === 'sum') {
      summed.set(client, message.tasks);
      sum.put(client, values);
    } else {
      const task = message.tasks[0]!;
      rows.set(`${message.kind}/${task}/${client}`, { task, client, values, kind: message.kind });
    }
  };

  return {
    round,
    attempt,
    announce(client, message) {
      requireOpen(message.round, message.attempt, round, attempt);
      const tasks = asked.get(client)?.lambda ?? {};
      if (message.bytes !== length * 4)
        throw fail('MESSAGE_TOO_LARGE', { event: 'contribution', found: message.bytes, expected: length * 4 });
      const stranger = message.tasks.find((task) => !Object.hasOwn(tasks, task));
      if (stranger !== undefined || !wanted(message.kind)) {
        throw fail('MESSAGE_INVALID', {
          event: 'contribution',
          problem: stranger ? `task ${stranger} was not asked` : `kind ${message.kind} was not asked`,
        });
      }
      const transfer = contributionTransfer(message);
      const before = received.get(`${client}/${transfer}`);
      if (before === message.sha256) return Promise.resolve();
      if (before !== undefined) throw fail('CONTRIBUTION_EQUIVOCAL', { client, round });
      return new Promise<void>((resolve, reject) => {
        transfers.set(`${client}/${transfer}`, {
          message,
          // A sum's memory comes back once it is added; rows are read until the round has closed.
          assembly: assemble(
            transfer,
            message.bytes,
            message.kind === 'sum' ? memory?.uploads.take(message.bytes) : undefined,
          ),
          done: { resolve, reject },
        });
      });
    },
    chunk(client, message, bytes) {
      const key = `${client}/${message.transfer}`;
      const transfer = transfers.get(key);
      if (received.has(key)) return;
      if (!transfer) throw fail('CONTRIBUTION_UNKNOWN', { transfer: message.transfer, index: message.index });
      if (!transfer.assembly.add(message.index, bytes)) return;
      transfers.delete(key);
      try {
        verify(client, transfer);
        received.set(key, transfer.message.sha256);
        transfer.done.resolve();
      } catch (error) {
        transfer.done.reject(error);
      }
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
    get added() {
      return sum.added;
    },
    answers() {
      const all = total([...asked].map(([client, { lambda }]) => [client, Object.keys(lambda)] as const));
      if (exchange === 'rows') return { exchange, rows: ordered('row'), all };
      // In client order, so that the sum of shares is the same for every order of arrival.
      const answered = [...asked.keys()].flatMap((client) => {
        const names = summed.get(client);
        return names ? [[client, names] as const] : [];
      });
      const tasks = [...summed.values()].reduce((count, names) => count + names.length, 0);
      return { exchange, sum: sum.finish(), tasks, share: total(answered), all };
    },
    probes: () => ordered(exchange === 'rows' ? 'row' : 'probe'),
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

function requireOpen(found: number, foundAttempt: number, round: number, attempt: number): void {
  if (found === round && foundAttempt === attempt) return;
  throw fail('CONTRIBUTION_STALE', {
    found: `${found} (attempt ${foundAttempt})`,
    expected: `${round} (attempt ${attempt})`,
  });
}
