import type { FinishedMessage, TrunklineError } from '@trunkline/protocol';

export interface FinishedTask {
  readonly task: string;
  readonly client: string;
  readonly metric: string;
  readonly split: 'test';
  readonly together: number | null;
  readonly alone: null;
  readonly delta: null;
  readonly metrics: Record<string, { together: number | null; alone: null }>;
}

/** How a client ended. */
export type ClientOutcome =
  | { readonly kind: 'finished'; readonly run: FinishedMessage; readonly tasks: readonly FinishedTask[] }
  | { readonly kind: 'declined' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: TrunklineError };

/** A task's test scores as its client says them at the end: the first metric is its score. */
export function finishedTask(client: string, task: string, metrics: Record<string, number | null>): FinishedTask {
  const metric = Object.keys(metrics)[0]!;
  const all = Object.fromEntries(Object.entries(metrics).map(([name, together]) => [name, { together, alone: null }]));
  return {
    task,
    client,
    metric,
    split: 'test',
    together: metrics[metric]!,
    alone: null,
    delta: null,
    metrics: all,
  };
}
