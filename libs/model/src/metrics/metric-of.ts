import { metrics } from './choice.ts';
import type { Metric } from './metric.ts';

/** A task's metric by name: its own, or one of the list. */
export const metricOf = (
  { ownMetrics }: { readonly ownMetrics?: Readonly<Record<string, Metric>> },
  name: string,
): Metric => ownMetrics?.[name] ?? metrics[name]!;
