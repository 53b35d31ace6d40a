import { fail, type Join, type TaskOffer } from '@trunkline/protocol';
import type { Connection } from './gateway.ts';
import type { Asked } from './intake.ts';
import type { SeatedRecord } from './journal/record.ts';

/** One client of the run: who it is, what it brings, which trunk it holds. */
export interface Member {
  readonly client: string;
  connection: Connection | null;
  offers: readonly TaskOffer[];
  machine: Join['machine'] | null;
  /** The transfer that brought the trunk that it has, so that none is sent twice. */
  holds: string | null;
  /** Its line takes trunks as the run's codec writes them. */
  codes: boolean;
  /** Rounds answered, for the roster. */
  answers: number;
  /** Its heads are new to a run under way: they warm up before its first answer. */
  cold: boolean;
}

/** A seat as the journal keeps it. */
export const seatedRecord = ({ client, offers, machine, cold }: Member): SeatedRecord => ({
  kind: 'seated',
  client,
  offers,
  machine,
  cold,
});

export interface Members {
  readonly all: ReadonlyMap<string, Member>;
  /** Seats a client with its tasks, or a known one that comes back. @throws TASK_DUPLICATE, TASK_UNEXPECTED, TRUNK_INPUT */
  seat(connection: Connection, join: Join): Member;
  /** The same as it was written down; nobody is connected to it yet. */
  readonly restore: (seated: SeatedRecord) => void;
  /** Its seat is free again. */
  remove(client: string): void;
  /** What each of these clients is asked with: λ of its tasks, shared out among replicas by labelled training rows. */
  asked(clients: readonly string[]): Asked[];
}

/**
 * λ of every task of these clients. Replicas of a task share its λ by their labelled training rows. `bySamples`: each row's scale is the
 * task's labelled training rows, all replicas together, relative to the mean over the tasks: the mean scale is 1.
 */
export function shareOut(
  clients: readonly { client: string; offers: readonly TaskOffer[] }[],
  weights: Readonly<Record<string, number>>,
  bySamples = false,
): Asked[] {
  const labelled = new Map<string, number>();
  for (const { offers } of clients) {
    for (const offer of offers) labelled.set(offer.id, (labelled.get(offer.id) ?? 0) + offer.labelled);
  }
  const mean = [...labelled.values()].reduce((sum, rows) => sum + rows, 0) / labelled.size;
  return clients.map(({ client, offers }) => {
    const share = (offer: TaskOffer) => (offer.replica ? offer.labelled / labelled.get(offer.id)! : 1);
    const lambda = offers.map((offer): [string, number] => [offer.id, (weights[offer.id] ?? 1) * share(offer)]);
    const rowIds = offers.map((offer): [string, string] => [
      offer.id,
      offer.replica ? `${offer.id}@${client}` : offer.id,
    ]);
    const asked: Asked = { client, lambda: fromPairs(lambda), rowIds: fromPairs(rowIds) };
    if (!bySamples) return asked;
    return { ...asked, scale: Object.fromEntries(offers.map(({ id }) => [id, labelled.get(id)! / mean])) };
  });
}

const empty = (client: string, given: Partial<Member> = {}): Member => ({
  ...{ client, connection: null, offers: [], machine: null, holds: null, codes: false, answers: 0, cold: false },
  ...given,
});

const fromPairs = <T>(pairs: readonly (readonly [string, T])[]): Record<string, T> => Object.fromEntries(pairs);

export function createMembers(options: {
  /** Tasks that may come: expected and optional ones; undefined: any. */
  welcome: readonly string[] | undefined;
  weights: Readonly<Record<string, number>>;
  bySamples: boolean;
  trunkInput: readonly number[];
}): Members {
  const members = new Map<string, Member>();
  /** Task → who brings it, and whether as a replica: to look through all of 10,000 members for each one that joins takes too long. */
  const brought = new Map<string, Map<string, boolean>>();

  const bring = (member: Member, offers: readonly TaskOffer[]) => {
    const { client } = member;
    for (const { id } of member.offers) brought.get(id)?.delete(client);
    for (const { id, replica } of offers)
      brought.set(id, (brought.get(id) ?? new Map<string, boolean>()).set(client, replica));
    member.offers = offers;
  };
  const check = (client: string, offer: TaskOffer) => {
    if (options.welcome && !options.welcome.includes(offer.id)) {
      throw fail('TASK_UNEXPECTED', {
        at: `Client ${client}`,
        task: offer.id,
        known: [...new Set(options.welcome)].join(', '),
      });
    }
    // Of a task that several bring all are replicas: the first other one stands for them.
    for (const [other, replica] of brought.get(offer.id) ?? []) {
      if (other === client) continue;
      if (replica && offer.replica) break;
      throw fail('TASK_DUPLICATE', { at: `Client ${client}`, task: offer.id, other });
    }
    const fits =
      offer.output.length === options.trunkInput.length &&
      offer.output.every((side, i) => side === options.trunkInput[i]);
    if (!fits)
      throw fail('TRUNK_INPUT', {
        at: `Client ${client}`,
        task: offer.id,
        found: offer.output.join(', '),
        expected: options.trunkInput.join(', '),
      });
  };

  return {
    all: members,
    seat(connection, join) {
      const { client } = connection;
      const ids = join.tasks.map(({ id }) => id);
      const twice = ids.find((id, i) => ids.indexOf(id) !== i);
      if (twice) throw fail('TASK_DUPLICATE', { at: `Client ${client}`, task: twice, other: client });
      for (const offer of join.tasks) check(client, offer);
      const member = members.get(client) ?? empty(client);
      Object.assign(member, { connection, machine: join.machine, holds: null });
      bring(member, join.tasks);
      members.set(client, member);
      return member;
    },
    restore({ client, offers, machine, cold }) {
      const member = empty(client, { machine, cold });
      bring(member, offers);
      members.set(client, member);
    },
    remove(client) {
      const member = members.get(client);
      if (member) bring(member, []);
      members.delete(client);
    },
    asked: (clients) =>
      shareOut(
        clients.map((client) => members.get(client)!),
        options.weights,
        options.bySamples,
      ),
  };
}
