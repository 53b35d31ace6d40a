export type ByTask<T> = Readonly<Record<string, T>>;

/** A record from task to value: how strategies key what they remember, so that rounds may bring any subset of the tasks. */
export function byTask<T>(tasks: readonly string[], valueOf: (task: string, k: number) => T): ByTask<T> {
  return Object.fromEntries(tasks.map((task, k) => [task, valueOf(task, k)]));
}

/** What is remembered of a task, if anything. Asks own keys only: a task may be called `constructor`. */
export function recall<T>(all: ByTask<T>, task: string): T | undefined {
  return Object.hasOwn(all, task) ? all[task] : undefined;
}
