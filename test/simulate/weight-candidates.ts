import type { Random } from '@trunkline/model/random';

export type Weights = Readonly<Record<string, number>>;

/** λ of a grid, before they are scaled. */
const GRID = [0.25, 1, 4];
/** The most tasks whose grid is still small: 3³ combinations. */
const GRID_TASKS = 3;
const DEFAULT_DRAWS = 16;
/** Random λ lie between 1/4 and 4, uniform in their logarithm. */
const SPAN = 4;

/**
 * Weights to try, the first all 1. Up to three tasks: all combinations of 1/4, 1 and 4 that differ in more than scale; more tasks, or
 * `draws` given: that many random draws. Scaled to a mean of 1, since a common factor is the learning rate's business, and rounded
 * to three decimals, so that what is printed is what was tried.
 */
export function weightCandidates(tasks: readonly string[], draws: number | undefined, random: Random): Weights[] {
  const useGrid = draws === undefined && tasks.length <= GRID_TASKS;
  const drawn = useGrid
    ? combinations(tasks.length)
    : Array.from({ length: draws ?? DEFAULT_DRAWS }, () => tasks.map(() => SPAN ** (2 * random.uniform() - 1)));
  const scaled = [tasks.map(() => 1), ...drawn].map(toMeanOne);
  const unique = new Map(scaled.map((values) => [values.join(), values]));
  return [...unique.values()].map((values) => Object.fromEntries(tasks.map((task, k) => [task, values[k]!])));
}

const combinations = (count: number): number[][] =>
  count === 0 ? [[]] : combinations(count - 1).flatMap((rest) => GRID.map((value) => [...rest, value]));

function toMeanOne(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => Math.round((1000 * value) / mean) / 1000);
}
