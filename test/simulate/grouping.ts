import {
  byCodeUnits,
  mergedLosses,
  mergedOffers,
  mergedRow,
  orderedSum,
  shareOfTask,
  shareOut,
  type Asked,
  type Row,
} from '@trunkline/coordinator';
import { roundScaled } from '@trunkline/model/aggregation';
import type { StepResult } from '@trunkline/model/learner';
import type { TaskOffer } from '@trunkline/protocol';

interface Brought {
  readonly client: string;
  readonly offers: readonly TaskOffer[];
}

/** What the coordinator sees as one client: a client, or a relay with the clients behind it. */
export interface Group {
  readonly name: string;
  readonly relay: boolean;
  /** In client order. */
  readonly clients: readonly Brought[];
  /** What the coordinator asks it with. */
  readonly asked: Asked;
}

/** The groups of a run, in the order of their names, with λ shared out among them and then, behind each relay, among its clients. */
export function grouped<B extends Brought>(
  clients: readonly B[],
  relays: ReadonlyMap<string, readonly string[]>,
  { weights, bySamples }: { weights: Readonly<Record<string, number>>; bySamples: boolean | undefined },
): { groups: Group[]; asked: ReadonlyMap<string, Asked> } {
  const behind = new Map([...relays].flatMap(([relay, names]) => names.map((name) => [name, relay] as const)));
  const names = [...new Set(clients.map(({ client }) => behind.get(client) ?? client))].sort(byCodeUnits);
  const members = names.map((name) => ({
    name,
    relay: relays.has(name),
    clients: clients.filter(({ client }) => (behind.get(client) ?? client) === name),
  }));
  const above = shareOut(
    members.map((group) => ({ client: group.name, offers: mergedOffers(group.clients) })),
    weights,
    bySamples,
  );
  const groups = members.map((group, place) => ({ ...group, asked: above[place]! }));
  const asked = groups.flatMap((group) => (group.relay ? shareOut(group.clients, group.asked.lambda) : [group.asked]));
  return { groups, asked: new Map(asked.map((one) => [one.client, one])) };
}

export interface Summand {
  readonly tasks: readonly string[];
  readonly values: Float32Array;
}

/** Σ of the clients' sums as a coordinator with relays adds them. @param into where it is made @param found of clients that have a sum */
export function groupedSum(
  into: Float64Array,
  groups: readonly Group[],
  found: ReadonlyMap<string, Summand>,
): { sum: Float64Array | null; tasks: number } {
  const { length } = into;
  const names = groups.map(({ name }) => name);
  const sum = orderedSum(length, names, { into });
  let tasks = 0;
  for (const { name, relay, clients } of groups) {
    const summands = clients.map(({ client }) => [client, found.get(client) ?? null] as const);
    tasks += new Set(summands.flatMap(([, one]) => one?.tasks ?? [])).size;
    if (!relay) {
      sum.put(name, summands[0]![1]?.values ?? null);
      continue;
    }
    const inner = orderedSum(
      length,
      summands.map(([client]) => client),
    );
    for (const [client, one] of summands) inner.put(client, one?.values ?? null);
    const whole = inner.finish();
    sum.put(name, whole && roundScaled(whole, 1));
  }
  return { sum: sum.finish(), tasks };
}

/** A row with whose it is. */
export type ClientRow = Row & { readonly task: string; readonly client: string };

/** Rows as a coordinator with relays sees them, in the order (task, client): behind a relay, those of one task as one. */
export function groupedRows(
  groups: readonly Group[],
  rows: readonly ClientRow[],
  results: Readonly<Record<string, StepResult>>,
): Row[] {
  const seen = groups.flatMap(({ name, relay, clients, asked }) => {
    const mine = rows.filter(({ client }) => clients.some((one) => one.client === client));
    if (!relay) return mine;
    return mergedOffers(clients).flatMap(({ id: task }): ClientRow[] => {
      const parts = mine
        .filter((row) => row.task === task)
        .map((row) => ({ ...row, share: shareOfTask(clients, task, row.client) }));
      if (parts.length === 0) return [];
      const answers = clients.flatMap(({ client }) => results[client] ?? []);
      const { loss, after } = mergedLosses([task], answers)[0]!;
      const lambda = asked.lambda[task]!;
      const { extra } = parts[0]!;
      return [
        {
          ...{ task, client: name, id: asked.rowIds[task]!, lambda, share: lambda, loss: loss ?? NaN },
          values: mergedRow(parts),
          ...(after === undefined ? {} : { after: after ?? NaN }),
          ...(extra ? { extra } : {}),
        },
      ];
    });
  });
  return seen.sort((a, b) => byCodeUnits(a.task, b.task) || byCodeUnits(a.client, b.client));
}
