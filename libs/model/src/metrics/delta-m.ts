import { meanOfDefined, type Better } from './metric.ts';

/** A task's score with the others and alone; null or undefined where the metric has no value. */
export interface Pair {
  readonly together: number | null | undefined;
  readonly alone: number | null | undefined;
  readonly better: Better;
}

/** together − alone in the metric's unit, its sign turned where lower is better: positive = better together. */
export function deltaOf(pair: Pair & { readonly together: number; readonly alone: number }): number;
export function deltaOf(pair: Pair): number | undefined;
export function deltaOf({ together, alone, better }: Pair): number | undefined {
  if (together == null || alone == null) return undefined;
  return better === 'higher' ? together - alone : alone - together;
}

export interface LeftOut {
  readonly task: string;
  readonly reason: 'undefined' | 'alone is 0';
}

export interface Gain {
  /** Δm in %; undefined where no task is left. */
  readonly deltaM: number | undefined;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Δm: the mean over tasks of the gain relative to |alone|, in %; positive = better together (Maninis et al., CVPR 2019, whose sign
 * this is). Tasks whose score is undefined or whose alone is 0 have no relative gain: they are left out and named.
 */
export function deltaM(tasks: readonly ({ readonly task: string } & Pair)[]): Gain {
  const gains: number[] = [];
  const leftOut: LeftOut[] = [];
  for (const task of tasks) {
    const delta = deltaOf(task);
    if (delta === undefined) leftOut.push({ task: task.task, reason: 'undefined' });
    else if (task.alone === 0) leftOut.push({ task: task.task, reason: 'alone is 0' });
    else gains.push((100 * delta) / Math.abs(task.alone!));
  }
  return { deltaM: meanOfDefined(gains), leftOut };
}
