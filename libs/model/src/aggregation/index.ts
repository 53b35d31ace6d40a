import { mean } from './mean.ts';
import type { Strategy } from './strategy.ts';
import { weightedSum } from './weighted-sum.ts';

/** Every way to combine task gradients, by name. Shared code asks a member what it `needs`, never its name. */
export const strategies: Readonly<Record<string, Strategy>> = Object.fromEntries(
  [weightedSum, mean].map((strategy) => [strategy.name, strategy]),
);

export { addScaled, combineRows } from './combine.ts';
export { gramianOf } from './gramian.ts';
export type * from './strategy.ts';
