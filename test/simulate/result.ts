import { deltaM, deltaOf, metrics as knownMetrics } from '@trunkline/model/metrics';
import type { AloneTask } from './alone.ts';
import type { Job } from './job.ts';
import type { Joint } from './joint.ts';
import type { VirtualReport } from './virtual/joint.ts';

export interface TaskResult {
  readonly task: string;
  readonly client: string;
  /** The task's score. */
  readonly metric: string;
  readonly split: 'test';
  readonly together: number | null;
  readonly alone: number | null;
  /** Together − alone in the metric's unit, its sign turned where lower is better: positive = better together. */
  readonly delta: number | null;
  readonly metrics: Readonly<Record<string, { together: number | null; alone: number | null }>>;
}

/** `data` of `simulate --format json`. */
export interface RunResult {
  readonly run: string;
  readonly rounds: number;
  /** The joint training alone. */
  readonly seconds: number;
  readonly trunk: { readonly parameters: number; readonly sha256: string };
  /** Mean gain relative to |alone|, in %; positive = better together. */
  readonly deltaM: number | null;
  readonly tasks: readonly TaskResult[];
  readonly bytes: { readonly up: number; readonly down: number } | null;
  readonly folder: string;
  /** Only with `--virtual`: the clients that stood in for the run's own; scores are means over some of them. */
  readonly virtual?: VirtualReport;
}

export function resultOf(job: Job, joint: Joint, alone: readonly AloneTask[] | undefined, folder: string): RunResult {
  const tasks = joint.scores.map(({ task, client, metrics }): TaskResult => {
    const baseline = alone?.find((one) => one.task === task && one.client === client);
    const [metric = ''] = Object.keys(metrics);
    const together = metrics[metric] ?? null;
    const single = baseline?.metrics[metric] ?? null;
    const pairs = Object.entries(metrics).map(([name, value]) => [
      name,
      { together: value, alone: baseline?.metrics[name] ?? null },
    ]);
    const delta = deltaOf({ together, alone: single, better: betterOf(metric) }) ?? null;
    return {
      task,
      client,
      metric,
      split: 'test',
      together,
      alone: single,
      delta,
      metrics: Object.fromEntries(pairs) as TaskResult['metrics'],
    };
  });
  const { rounds, seconds, trunk, bytes, virtual } = joint;
  return {
    run: job.config.run,
    rounds,
    seconds,
    trunk,
    deltaM: alone ? gainOf(tasks).deltaM : null,
    tasks,
    bytes,
    folder,
    ...(virtual ? { virtual } : {}),
  };
}

export const betterOf = (metric: string): 'higher' | 'lower' => knownMetrics[metric]?.better ?? 'higher';

/** Δm of a table, and the tasks that it leaves out. */
export function gainOf(tasks: readonly TaskResult[]): { deltaM: number | null; leftOut: readonly string[] } {
  const gain = deltaM(tasks.map((task) => ({ ...task, better: betterOf(task.metric) })));
  return { deltaM: gain.deltaM ?? null, leftOut: gain.leftOut.map(({ task }) => task) };
}
