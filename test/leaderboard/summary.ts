import { deltaM } from '@trunkline/model/metrics';
import { betterOf } from '../simulate/result.ts';
import { ALONE, type Cell, type FinishedCell } from './cells.ts';

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation over seeds; null for one seed. */
  readonly sd: number | null;
}

export interface MethodRow {
  readonly method: string;
  readonly seeds: readonly number[];
  /** Task → score, mean over seeds; null where a seed has none. */
  readonly scores: Readonly<Record<string, number | null>>;
  /** Mean of the scores over tasks, where all have one metric. */
  readonly score: Spread | null;
  /** Gain over alone in %, seed by seed; positive = better together. null for alone itself and where a seed has no alone. */
  readonly deltaM: Spread | null;
  /** Of the tasks, how many gain on the mean over seeds. */
  readonly gaining: number | null;
  readonly conflictRate: number | null;
  /** The fastest seed's: the others shared the machine, or waited. */
  readonly seconds: number;
}

export interface DataSetBoard {
  readonly dataSet: string;
  readonly rounds: number;
  readonly tasks: readonly { readonly task: string; readonly metric: string }[];
  readonly methods: readonly MethodRow[];
  readonly backend: string;
  /** First and last day of its cells. */
  readonly dates: readonly [string, string];
}

/** `data` of `leaderboard --format json`. */
export interface Board {
  readonly dataSets: readonly DataSetBoard[];
  /** Data set → trainings that are still to be done; those without any are not named. */
  readonly left: Readonly<Record<string, number>>;
  readonly skipped: readonly string[];
}

/** Trainings left, by data set. */
export function leftOf(cells: readonly Cell[]): Record<string, number> {
  const left: Record<string, number> = {};
  for (const { dataSet } of cells) left[dataSet] = (left[dataSet] ?? 0) + 1;
  return left;
}

/** Figures over seeds, data set by data set in the order of the cells; methods by Δm, alone first. */
export function summarize(cells: readonly FinishedCell[]): DataSetBoard[] {
  return [...new Set(cells.map(({ dataSet }) => dataSet))].map((dataSet) => {
    const own = cells.filter((cell) => cell.dataSet === dataSet);
    const alone = new Map(own.filter(({ method }) => method === ALONE).map((cell) => [cell.seed, cell]));
    const methods = [...new Set(own.map(({ method }) => method))].map((method) =>
      rowOf(
        own.filter((cell) => cell.method === method),
        alone,
      ),
    );
    const rank = ({ method, deltaM: gain }: MethodRow) => (method === ALONE ? Infinity : (gain?.mean ?? -Infinity));
    const dates = own.map(({ date }) => date).sort();
    return {
      dataSet,
      rounds: own[0]!.rounds,
      tasks: own[0]!.scores.map(({ task, metric }) => ({ task, metric })),
      methods: methods.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a))),
      backend: own[0]!.backend,
      dates: [dates[0]!, dates.at(-1)!],
    };
  });
}

function rowOf(cells: readonly FinishedCell[], alone: ReadonlyMap<number, FinishedCell>): MethodRow {
  const [first] = cells as [FinishedCell, ...FinishedCell[]];
  const meanScores = (of: readonly FinishedCell[]) =>
    Object.fromEntries(first.scores.map(({ task }, i) => [task, meanOf(of.map(({ scores }) => scores[i]!.value))]));
  const scores = meanScores(cells);
  const baseline = cells.flatMap(({ seed }) => alone.get(seed) ?? []);
  const compared = first.method !== ALONE && baseline.length === cells.length;
  const single = meanScores(baseline);
  const gains = compared ? cells.map((cell) => gainOf(cell, alone.get(cell.seed)!)) : [];
  const oneMetric = new Set(first.scores.map(({ metric }) => metric)).size === 1;
  const means = oneMetric ? cells.map((cell) => meanOf(cell.scores.map(({ value }) => value))) : [];
  return {
    method: first.method,
    seeds: cells.map(({ seed }) => seed),
    scores,
    score: spreadOf(means),
    deltaM: spreadOf(gains),
    gaining: compared ? first.scores.filter((score) => betters(score, scores, single)).length : null,
    conflictRate: meanOf(cells.map((cell) => cell.conflictRate)),
    seconds: Math.min(...cells.map(({ seconds }) => seconds)),
  };
}

function betters(
  { task, metric }: { task: string; metric: string },
  together: Readonly<Record<string, number | null>>,
  alone: Readonly<Record<string, number | null>>,
): boolean {
  const [a, b] = [together[task], alone[task]];
  if (a == null || b == null) return false;
  return betterOf(metric) === 'higher' ? a > b : a < b;
}

/** Δm of one seed. */
function gainOf(together: FinishedCell, alone: FinishedCell): number | null {
  const pairs = together.scores.map(({ task, client, metric, value }) => {
    const single = alone.scores.find((one) => one.task === task && one.client === client);
    return { task, together: value, alone: single?.value, better: betterOf(metric) };
  });
  return deltaM(pairs).deltaM ?? null;
}

function meanOf(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.some((value) => value === null)) return null;
  return (values as number[]).reduce((sum, value) => sum + value, 0) / values.length;
}

function spreadOf(values: readonly (number | null)[]): Spread | null {
  const mean = meanOf(values);
  if (mean === null) return null;
  const squares = (values as number[]).reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length < 2 ? null : Math.sqrt(squares / (values.length - 1)) };
}
