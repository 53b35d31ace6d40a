import { addScaled, combineRows, roundScaled } from '@trunkline/model/aggregation';
import { byCodeUnits } from './by-code-units.ts';
import type { Accepted } from './run-events.ts';
import type { Answers, Row } from './trunk-step.ts';

/** An answer that is in, as it is added. A sum that is only one client's is held as it came. */
export interface HeldAnswers extends Pick<Accepted, 'client' | 'call' | 'scale'> {
  readonly answers: Answers | { readonly exchange: 'sum'; readonly sum: Float32Array; readonly tasks: number };
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
      const values = answers.sum instanceof Float32Array ? answers.sum : roundScaled(answers.sum, 1);
      addScaled((sum ??= new Float64Array(length)), values, scale / times(client));
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

/** Of each row the one that came last. */
export const latestRows = (rows: readonly Row[]): Row[] =>
  [...new Map(rows.map((row) => [row.id, row])).values()].sort(byRow);
