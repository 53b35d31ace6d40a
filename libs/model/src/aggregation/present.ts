import { allFinite } from './finite.ts';
import type { StrategyInput } from './strategy.ts';

/** Which rows are there and finite: judged by the Gramian's diagonal, or by the rows themselves. Zero rows are answers here. */
export function finiteRows({ tasks, gramian, rows }: StrategyInput): boolean[] {
  const count = tasks.length;
  return tasks.map((_, k) => {
    if (gramian) return Number.isFinite(gramian[k * count + k]);
    const row = rows?.[k];
    return row ? allFinite(row) : rows === undefined;
  });
}
