import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { OperatorView } from '../operator-view.ts';
import type { History } from './history.ts';
import { pointsOf, type Points } from './series.ts';

/** Rows whose curves one page holds, and tasks of the conflict matrix that are drawn. */
const ROWS_A_PAGE = 12;
const MATRIX = 24;
const EVENTS_SHOWN = 200;

/** One row of the table alone / together / Δ, as a simulation with `--alone` leaves it in `result.json`. */
export type Gain = z.infer<typeof gain>;

const figure = z.number().nullable();
const gain = z.object({
  task: z.string(),
  client: z.string(),
  metric: z.string(),
  together: figure,
  alone: figure,
  delta: figure,
  metrics: z.record(z.string(), z.object({ alone: figure })),
});

/** What the page draws of one run. */
export interface Picture {
  readonly view: OperatorView;
  readonly rows: readonly {
    readonly id: string;
    readonly loss: Points;
    readonly weight: Points;
    readonly norm: Points;
    readonly metrics: Readonly<Record<string, Points>>;
    /** By metric: the test score of the task trained alone. */
    readonly alone: Readonly<Record<string, number | null>>;
  }[];
  /** The first of these rows among `all`. */
  readonly from: number;
  readonly all: number;
  readonly loss: Points;
  readonly timing: Readonly<Record<'answers' | 'aggregate' | 'rest', Points>>;
  readonly bytes: Readonly<Record<'up' | 'down', Points>>;
  readonly cosines: Readonly<Record<'mean' | 'least', Points>>;
  readonly conflicts: {
    readonly round: number;
    readonly tasks: readonly string[];
    readonly of: number;
    readonly cosines: readonly (readonly (number | null)[])[];
    readonly norms: readonly number[];
  } | null;
  readonly events: History['events'];
  readonly forgotten: number;
  readonly config: string | null;
  readonly gains: readonly Gain[];
}

/** @param from the first row whose curves are wanted */
export function pictureOf(history: History, view: OperatorView, from = 0): Picture {
  const { loss, timing, bytes, cosines, events, forgotten } = history;
  const gains = gainsOf(view.folder);
  const ids = [...history.rows.keys()].sort();
  const first = Math.max(0, Math.min(from, Math.floor(Math.max(0, ids.length - 1) / ROWS_A_PAGE) * ROWS_A_PAGE));
  const rows = ids.slice(first, first + ROWS_A_PAGE).map((id) => {
    const row = history.rows.get(id)!;
    const found = gains.find(({ task, client }) => id === task || id === `${task}@${client}`);
    const alone = Object.entries(found?.metrics ?? {}).map(([name, one]) => [name, one.alone]);
    return {
      id,
      ...points({ loss: row.loss, weight: row.weight, norm: row.norm }),
      metrics: points(row.metrics),
      alone: Object.fromEntries(alone) as Record<string, number | null>,
    };
  });
  return {
    ...{ view, rows, from: first, all: ids.length, loss: pointsOf(loss) },
    ...{ timing: points(timing), bytes: points(bytes), cosines: points(cosines), conflicts: matrixOf(history) },
    events: events.slice(-EVENTS_SHOWN).reverse(),
    forgotten: forgotten + Math.max(0, events.length - EVENTS_SHOWN),
    config: textOf(join(view.folder, 'config.yaml')),
    gains: gains.some(({ alone }) => alone !== null) ? gains : [],
  };
}

const points = <K extends string>(of: Readonly<Record<K, Parameters<typeof pointsOf>[0]>>): Record<K, Points> =>
  Object.fromEntries(Object.entries(of).map(([name, series]) => [name, pointsOf(series as never)])) as Record<
    K,
    Points
  >;

function matrixOf({ conflicts }: History): Picture['conflicts'] {
  if (!conflicts) return null;
  const { tasks, cosines, norms, round } = conflicts;
  const shown = tasks.slice(0, MATRIX);
  const rows = shown.map((_, i) => cosines.slice(i * tasks.length, i * tasks.length + shown.length));
  return { round, tasks: shown, of: tasks.length, cosines: rows, norms: norms.slice(0, MATRIX) };
}

function textOf(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

function gainsOf(folder: string): readonly Gain[] {
  try {
    const told = z.object({ tasks: z.array(gain) }).safeParse(JSON.parse(textOf(join(folder, 'result.json')) ?? '{}'));
    return told.success ? told.data.tasks : [];
  } catch {
    // A result that cannot be read is a matter for who resumes the run: its curves are shown all the same.
    return [];
  }
}
