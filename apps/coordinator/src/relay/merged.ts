import type { AnsweredMessage, Join, ScoresMessage, TaskOffer } from '@trunkline/protocol';
import { addScaled, roundScaled } from '@trunkline/model/aggregation';

/** A relay's client, with what it brought. */
export interface Brought {
  readonly client: string;
  readonly offers: readonly TaskOffer[];
}

/** Several clients of a relay may serve one task: these are the offers as one client's, each task once, labelled rows added up. */
export function mergedOffers(clients: readonly Brought[]): TaskOffer[] {
  const merged = new Map<string, TaskOffer>();
  for (const offer of clients.flatMap(({ offers }) => offers)) {
    const before = merged.get(offer.id);
    merged.set(offer.id, before ? { ...before, labelled: before.labelled + offer.labelled } : offer);
  }
  return [...merged.values()];
}

/** What share of the labelled training rows of `task` in this relay is `client`'s; 1 where it alone serves it. */
export function shareOfTask(clients: readonly Brought[], task: string, client: string): number {
  const labelled = clients.flatMap(({ client: name, offers }) =>
    offers.filter(({ id }) => id === task).map((offer) => [name, offer.labelled] as const),
  );
  if (labelled.length === 1) return 1;
  const all = labelled.reduce((sum, [, rows]) => sum + rows, 0);
  return (labelled.find(([name]) => name === client)?.[1] ?? 0) / all;
}

/** Rows of one task as one row: Σ share · row in the order given, in float64, rounded once. A row that is the task's only one is left as it is. */
export function mergedRow(rows: readonly { readonly values: Float32Array; readonly share: number }[]): Float32Array {
  const [first] = rows;
  if (rows.length === 1 && first!.share === 1) return first!.values;
  const sum = new Float64Array(first!.values.length);
  for (const { values, share } of rows) addScaled(sum, values, share);
  return roundScaled(sum, 1);
}

/** The mean weighted by `weight`; null where a value that has a weight is missing, or none has one. */
function weightedMean(parts: readonly { readonly weight: number; readonly value: number | null }[]): number | null {
  const counted = parts.filter(({ weight }) => weight > 0);
  if (counted.length === 1) return counted[0]!.value;
  if (counted.length === 0 || counted.some(({ value }) => value === null)) return null;
  const all = counted.reduce((sum, { weight }) => sum + weight, 0);
  return counted.reduce((sum, { weight, value }) => sum + weight * value!, 0) / all;
}

type Loss = AnsweredMessage['losses'][number];

/** Losses of a round, task by task in the order of `tasks`: means over all labelled rows of the clients' batches. */
export function mergedLosses(
  tasks: readonly string[],
  messages: readonly { readonly losses: readonly Loss[] }[],
): Loss[] {
  const all = messages.flatMap(({ losses }) => losses);
  return tasks.flatMap((task): Loss[] => {
    const found = all.filter((loss) => loss.task === task);
    if (found.length <= 1) return found;
    const labelled = found.reduce((sum, loss) => sum + loss.labelled, 0);
    const loss = weightedMean(found.map((one) => ({ weight: one.labelled, value: one.loss })));
    const after = found.filter((one) => one.after !== undefined);
    const later = weightedMean(after.map((one) => ({ weight: one.labelled, value: one.after ?? null })));
    return [{ task, loss, labelled, ...(after.length > 0 ? { after: later } : {}) }];
  });
}

/** Scores task by task: of a task that several clients serve the mean, weighted by their labelled training rows. Heads stay apart, by client. */
export function mergedScores(
  clients: readonly Brought[],
  found: ReadonlyMap<string, ScoresMessage>,
): Pick<ScoresMessage, 'tasks' | 'digests'> {
  const scores = clients.flatMap(({ client }) => (found.get(client)?.tasks ?? []).map((one) => ({ client, ...one })));
  const tasks = [...new Set(scores.map(({ task }) => task))].map((task) => {
    const mine = scores.filter((one) => one.task === task);
    if (mine.length === 1) return { task, metrics: mine[0]!.metrics, loss: mine[0]!.loss };
    const mean = (of: (one: (typeof mine)[number]) => number | null) =>
      weightedMean(mine.map((one) => ({ weight: shareOfTask(clients, task, one.client), value: of(one) })));
    const names = Object.keys(mine[0]!.metrics);
    const metrics = Object.fromEntries(names.map((name) => [name, mean((one) => one.metrics[name] ?? null)]));
    return { task, metrics, loss: mean(({ loss }) => loss) };
  });
  const digests = [...found].flatMap(([client, { digests: heads }]) =>
    Object.entries(heads).map(([name, digest]) => [`${client}/${name}`, digest] as const),
  );
  return { tasks, digests: Object.fromEntries(digests) };
}

/** The machines of all clients as one, for the run's manifest. */
export function mergedMachine(machines: ReadonlyMap<string, Join['machine']>): Join['machine'] {
  const all = [...machines.values()];
  const texts = (of: (machine: Join['machine']) => string) => [...new Set(all.map(of))].join(', ').slice(0, 4_096);
  return {
    backend: texts(({ backend }) => backend),
    library: texts(({ library }) => library),
    device: `relay of ${[...machines.keys()].join(', ')}`.slice(0, 4_096),
    threads: Math.max(...all.map(({ threads }) => threads)),
    instructions: texts(({ instructions }) => instructions),
  };
}
