import { byTask, recall, type ByTask } from './by-task.ts';

/** The remembered weights of the given tasks (1 where nothing is remembered yet), scaled to sum to `total`. */
export function sharesOf(all: ByTask<number>, tasks: readonly string[], total: number): Float64Array {
  return scaledTo(
    tasks.map((task) => recall(all, task) ?? 1),
    total,
  );
}

/**
 * Remembers new weights of some tasks. Their sum stays what it was, so that they keep their proportion to tasks that did not answer
 * this round.
 */
export function remember(all: ByTask<number>, tasks: readonly string[], shares: ArrayLike<number>): ByTask<number> {
  const before = tasks.reduce((sum, task) => sum + (recall(all, task) ?? 1), 0);
  const kept = scaledTo(shares, before);
  return { ...all, ...byTask(tasks, (_, k) => kept[k]!) };
}

function scaledTo(values: ArrayLike<number>, total: number): Float64Array {
  let top = 0;
  for (let k = 0; k < values.length; k++) top = Math.max(top, values[k]!);
  if (top === 0) return new Float64Array(values.length).fill(total / values.length);
  // Divided by the largest first: the sum of large weights would leave float64.
  const relative = Float64Array.from(values, (value) => value / top);
  const sum = relative.reduce((so, value) => so + value, 0);
  return relative.map((value) => (value / sum) * total);
}
