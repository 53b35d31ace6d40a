import type { RunEvent } from '../run-events.ts';

/** Numbers of one step, by name. */
export interface Scalars {
  readonly step: number;
  readonly scalars: Readonly<Record<string, number>>;
}

/**
 * What curves are drawn of: `loss/<row>`, `weight/<row>`, `time/…` in milliseconds and `bytes/…` a round; `<split>/<metric>/<row>` a
 * scored trunk; `norm/<row>` and `cosine/<row>/<row>` where rows are compared. Values that are not finite are left out: a gap shows them.
 */
export function scalarsOf(event: RunEvent): Scalars | undefined {
  switch (event.event) {
    case 'round': {
      const { answersMs, aggregateMs, roundMs } = event.timing;
      return scalars(event.round, [
        ...named('loss', event.losses),
        ...named('weight', event.weights ?? {}),
        ['time/answers_ms', answersMs],
        ['time/aggregate_ms', aggregateMs],
        ['time/round_ms', roundMs],
        ['bytes/up', event.bytes.up],
        ['bytes/down', event.bytes.down],
      ]);
    }
    case 'scores': {
      const often = new Set(event.tasks.map(({ task }) => task)).size < event.tasks.length;
      const rows = event.tasks.flatMap(({ task, client, loss, metrics }) =>
        Object.entries({ loss, ...metrics }).map(([metric, value]): Pair => {
          return [`${event.split}/${metric}/${often ? `${task}@${client}` : task}`, value];
        }),
      );
      return scalars(event.version, rows);
    }
    case 'conflicts': {
      const { tasks, norms, cosines } = event;
      const pairs = tasks.flatMap((one, i) =>
        tasks
          .slice(i + 1)
          .map((other, j): Pair => [`cosine/${one}/${other}`, cosines[i * tasks.length + i + 1 + j] ?? null]),
      );
      return scalars(event.round, [...tasks.map((task, i): Pair => [`norm/${task}`, norms[i] ?? null]), ...pairs]);
    }
    default:
      return undefined;
  }
}

type Pair = readonly [name: string, value: number | null];

const named = (prefix: string, values: Readonly<Record<string, number | null>>): Pair[] =>
  Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]);

const scalars = (step: number, pairs: readonly Pair[]): Scalars => ({
  step,
  scalars: Object.fromEntries(pairs.filter((pair): pair is [string, number] => Number.isFinite(pair[1]))),
});
