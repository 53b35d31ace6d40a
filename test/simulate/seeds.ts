import { betterOf, gainOf, type RunResult, type TaskResult } from './result.ts';
import { deltaOf } from '@trunkline/model/metrics';

type Spread = { readonly together: number | null; readonly alone: number | null; readonly delta: number | null };

/** Means over runs with seeds s, s+1, …; each run complete beside them. */
export interface SeedsResult extends Omit<RunResult, 'tasks' | 'trunk' | 'folder'> {
  readonly trunk: { readonly parameters: number };
  readonly deltaMSd: number | null;
  readonly tasks: readonly (TaskResult & { readonly sd: Spread })[];
  readonly runs: readonly RunResult[];
}

export function seedsResult(runs: readonly RunResult[]): SeedsResult {
  const [first] = runs as [RunResult, ...RunResult[]];
  const tasks = first.tasks.map((task, i) => {
    const all = runs.map((run) => run.tasks[i]!);
    const together = meanOf(all.map((one) => one.together));
    const alone = meanOf(all.map((one) => one.alone));
    const delta = deltaOf({ together, alone, better: betterOf(task.metric) }) ?? null;
    const metrics = Object.fromEntries(
      Object.keys(task.metrics).map((name) => [
        name,
        {
          together: meanOf(all.map((one) => one.metrics[name]!.together)),
          alone: meanOf(all.map((one) => one.metrics[name]!.alone)),
        },
      ]),
    );
    const sd = {
      together: sdOf(all.map((one) => one.together)),
      alone: sdOf(all.map((one) => one.alone)),
      delta: sdOf(all.map((one) => one.delta)),
    };
    return { ...task, together, alone, delta, metrics, sd };
  });
  const gains = runs.map(({ deltaM }) => deltaM);
  return {
    run: first.run,
    rounds: first.rounds,
    seconds: meanOf(runs.map(({ seconds }) => seconds))!,
    trunk: { parameters: first.trunk.parameters },
    deltaM: first.deltaM === null ? null : (meanOf(gains) ?? gainOf(tasks).deltaM),
    deltaMSd: sdOf(gains),
    tasks,
    bytes: first.bytes && {
      up: meanOf(runs.map(({ bytes }) => bytes!.up))!,
      down: meanOf(runs.map(({ bytes }) => bytes!.down))!,
    },
    runs,
  };
}

/** null when one of them is undefined: a mean over the others would compare different runs. */
function meanOf(values: readonly (number | null)[]): number | null {
  if (values.some((value) => value === null)) return null;
  return (values as number[]).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation; null for fewer than two values. */
function sdOf(values: readonly (number | null)[]): number | null {
  const mean = meanOf(values);
  if (mean === null || values.length < 2) return null;
  return Math.sqrt((values as number[]).reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
