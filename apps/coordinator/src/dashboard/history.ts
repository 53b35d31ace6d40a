import type { Conflicts, RunEvent } from '../run-events.ts';
import { emptyRecord, record, type RunRecord } from '../run-record.ts';
import { logSentence } from '../sinks/sentence.ts';
import { cutFrom, emptySeries, push, type Series } from './series.ts';

/** Rows and events that are kept; what is beyond is counted. */
export const ROWS = 1_024;
export const EVENTS = 300;

export interface RowHistory {
  readonly loss: Series;
  readonly weight: Series;
  readonly norm: Series;
  /** Validation scores by metric. */
  readonly metrics: Record<string, Series>;
}

export interface Happening {
  readonly at: number;
  readonly event: RunEvent['event'];
  readonly text: string;
}

/** All that the dashboard shows of a run, in bounded memory whatever its rounds: plain data and Maps. */
export interface History {
  readonly record: RunRecord;
  readonly rows: Map<string, RowHistory>;
  /** Rows beyond `ROWS`, which have no curves. */
  readonly unshown: Set<string>;
  readonly loss: Series;
  readonly timing: { readonly answers: Series; readonly aggregate: Series; readonly rest: Series };
  readonly bytes: { readonly up: Series; readonly down: Series };
  readonly cosines: { readonly mean: Series; readonly least: Series };
  conflicts: (Conflicts & { readonly round: number }) | null;
  events: Happening[];
  /** Events that were let go of, the oldest first. */
  forgotten: number;
}

export const emptyHistory = (): History => ({
  record: emptyRecord(),
  rows: new Map(),
  unshown: new Set(),
  loss: emptySeries(),
  timing: { answers: emptySeries(), aggregate: emptySeries(), rest: emptySeries() },
  bytes: { up: emptySeries(), down: emptySeries() },
  cosines: { mean: emptySeries(), least: emptySeries() },
  conflicts: null,
  events: [],
  forgotten: 0,
});

/** Takes one event of the run; events come in the order in which they happened. */
export function take(into: History, event: RunEvent, at: Date): void {
  record(into.record, event, at);
  switch (event.event) {
    case 'round':
      return round(into, event);
    case 'conflicts':
      conflicts(into, event);
      return;
    case 'scores':
      if (event.split === 'validation') scores(into, event);
      break;
    case 'rewound':
    case 'continued':
      goBack(into, event.round);
      break;
    default:
  }
  const text = logSentence(event);
  if (text === undefined) return;
  into.events.push({ at: at.getTime(), event: event.event, text: text.slice(0, 500) });
  // Cut in lumps: a shift an event would cost every event a move of them all.
  if (into.events.length > 2 * EVENTS) {
    into.forgotten += into.events.length - EVENTS;
    into.events = into.events.slice(-EVENTS);
  }
}

function rowOf({ rows, unshown }: History, id: string): RowHistory | undefined {
  const known = rows.get(id);
  if (known) return known;
  if (rows.size >= ROWS) {
    if (unshown.size < ROWS) unshown.add(id);
    return undefined;
  }
  const made = { loss: emptySeries(), weight: emptySeries(), norm: emptySeries(), metrics: {} };
  rows.set(id, made);
  return made;
}

function round(into: History, event: Extract<RunEvent, { event: 'round' }>): void {
  const { losses, weights, timing, bytes } = event;
  for (const [id, loss] of Object.entries(losses)) {
    const row = rowOf(into, id);
    if (!row) continue;
    push(row.loss, event.round, loss);
    push(row.weight, event.round, weights?.[id]);
  }
  push(into.loss, event.round, into.record.loss);
  const { answersMs, aggregateMs, roundMs } = timing;
  push(into.timing.answers, event.round, answersMs);
  push(into.timing.aggregate, event.round, aggregateMs);
  push(into.timing.rest, event.round, Math.max(0, roundMs - answersMs - aggregateMs));
  push(into.bytes.up, event.round, bytes.up);
  push(into.bytes.down, event.round, bytes.down);
}

function conflicts(into: History, event: Extract<RunEvent, { event: 'conflicts' }>): void {
  const { tasks, cosines, norms } = event;
  into.conflicts = { round: event.round, tasks, cosines, norms };
  tasks.forEach((id, i) => {
    const row = rowOf(into, id);
    if (row) push(row.norm, event.round, norms[i]);
  });
  let [sum, count, least] = [0, 0, Infinity];
  cosines.forEach((cosine, i) => {
    const onDiagonal = i % (tasks.length + 1) === 0;
    if (cosine === null || onDiagonal) return;
    sum += cosine;
    count++;
    least = Math.min(least, cosine);
  });
  if (count === 0) return;
  push(into.cosines.mean, event.round, sum / count);
  push(into.cosines.least, event.round, least);
}

function scores(into: History, { version, tasks }: Extract<RunEvent, { event: 'scores' }>): void {
  for (const { task, client, metrics } of tasks) {
    const replica = `${task}@${client}`;
    const row = rowOf(into, into.rows.has(replica) ? replica : task);
    if (!row) continue;
    for (const [name, value] of Object.entries(metrics)) push((row.metrics[name] ??= emptySeries()), version, value);
  }
}

function goBack(into: History, to: number): void {
  const { loss, timing, bytes, cosines } = into;
  for (const group of [{ loss }, timing, bytes, cosines])
    Object.values(group).forEach((one: Series) => cutFrom(one, to));
  for (const row of into.rows.values()) {
    for (const one of [row.loss, row.weight, row.norm]) cutFrom(one, to);
    // Scores are of trunks, and the trunk of that round stands.
    for (const one of Object.values(row.metrics)) cutFrom(one, to + 1);
  }
}
