/** Metrics as JSON holds them: one that is undefined on its rows is null. */
export const jsonMetrics = (
  metrics: Readonly<Record<string, number | null | undefined>>,
): Record<string, number | null> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? null]));
