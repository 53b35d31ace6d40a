import { randomStream } from '../random.ts';
import { gramianOf } from './gramian.ts';
import type { Strategy, StrategyInput, StrategyRandom, StrategyState } from './strategy.ts';

/** What tests of strategies share: matrices of every awkward kind, and measures of what papers claim. Measures return a number; the test says the bound. */

export const families = [
  'random',
  'low-rank',
  'duplicate',
  'opposed',
  'balanced',
  'zero-row',
  'not-finite',
  'mixed-scales',
  'tiny',
  'huge',
] as const;
export type Family = (typeof families)[number];

/** K rows of one kind. `length` defaults to K + 3, so that random rows are independent. */
export function matrixOf(family: Family, count: number, random: StrategyRandom, length = count + 3): Float32Array[] {
  const fill = (amount = count, size = length) =>
    Array.from({ length: amount }, () => Float32Array.from({ length: size }, () => random.normal()));
  const rows = fill();
  const last = rows[count - 1];
  if (!last) return rows;
  switch (family) {
    case 'random':
      return rows;
    case 'low-rank': {
      const basis = fill(Math.max(1, Math.floor(count / 2)));
      return fill(count, basis.length).map((mix) => combined(basis, mix));
    }
    case 'duplicate':
      last.set(rows[0]!);
      return rows;
    case 'opposed':
      rows[0]!.forEach((value, i) => (last[i] = -2 * value));
      return rows;
    case 'balanced':
      last.set(combined(rows.slice(0, -1), Array<number>(count - 1).fill(-1)));
      return rows;
    case 'zero-row':
      last.fill(0);
      return rows;
    case 'not-finite':
      last[0] = random.uniform() < 0.5 ? NaN : -Infinity;
      return rows;
    case 'mixed-scales':
      return rows.map((row) => scaled(row, 10 ** (8 * random.uniform() - 4)));
    case 'tiny':
      return rows.map((row) => scaled(row, 1e-10));
    case 'huge':
      return rows.map((row) => scaled(row, 1e15));
  }
}

/** Every family at each K, seeded: the same cases on every machine. */
export function casesOf(seed: number, counts: readonly number[], repeats = 1) {
  return families.flatMap((family) =>
    counts.flatMap((count) =>
      Array.from({ length: repeats }, (_, repeat) => ({
        family,
        count,
        rows: matrixOf(family, count, randomStream(seed, family, count, repeat)),
      })),
    ),
  );
}

export interface Run {
  readonly parameters?: unknown;
  readonly tasks?: readonly string[];
  readonly losses?: ArrayLike<number>;
  readonly random?: StrategyRandom;
  readonly state?: StrategyState;
  /** What else the input carries, e.g. `extraRows`. */
  readonly more?: Partial<StrategyInput>;
}

export interface Outcome {
  /** v in float64 (a rows strategy's own float32 values). */
  readonly direction: Float64Array;
  /** Undefined for a strategy that combines rows itself. */
  readonly weights: Float64Array | undefined;
  readonly state: StrategyState;
}

/** One round of a strategy over rows, with both the Gramian and the rows in the input. Losses default to 1, tasks to t0, t1, … */
export function runOnce(strategy: Strategy, rows: readonly Float32Array[], run: Run = {}): Outcome {
  const tasks = run.tasks ?? rows.map((_, k) => `t${k}`);
  const input: StrategyInput = {
    tasks,
    gramian: gramianOf(rows),
    rows,
    losses: Float64Array.from({ length: rows.length }, (_, k) => run.losses?.[k] ?? 1),
    round: 1,
    random: run.random ?? randomStream(1, 'strategy', 1),
    ...run.more,
  };
  if (strategy.needs === 'rows') {
    const combiner = strategy.create(run.parameters);
    const { direction, state } = combiner.combine(input, run.state ?? combiner.init(tasks));
    return { direction: Float64Array.from(direction), weights: undefined, state };
  }
  const weigher = strategy.create(run.parameters);
  const { weights, state } = weigher.weigh(input, run.state ?? weigher.init(tasks));
  return { direction: combined64(rows, weights), weights, state };
}

/** What any strategy must keep on any rows, as sentences about what is broken: none for a sound one. */
export function faultsOf(strategy: Strategy, rows: readonly Float32Array[], run: Run = {}): string[] {
  const outcome = runOnce(strategy, rows, run);
  const { weights, direction, state } = outcome;
  const length = rows[0]?.length ?? 0;
  const again = runOnce(strategy, rows, { ...run, random: run.random ?? randomStream(1, 'strategy', 1) });
  const longest = Math.max(0, ...rows.map(normOf).filter(Number.isFinite));
  const broken: [boolean, string][] = [
    [!direction.every(Number.isFinite), 'a direction that is not finite'],
    [weights !== undefined && !weights.every(Number.isFinite), 'a weight that is not finite'],
    [weights !== undefined && weights.length !== rows.length, 'not one weight a task'],
    [weights === undefined && rows.length > 0 && direction.length !== length, 'a direction of another length'],
    [
      weights !== undefined && rows.some((row, k) => !Number.isFinite(normOf(row)) && weights[k] !== 0),
      'a weight for a row that is not finite',
    ],
    [state.stationary === true && normOf(direction) > 1e-6 * longest, 'stationary, yet a direction'],
    [run.random === undefined && !same(again.direction, direction), 'another result from the same input'],
  ];
  return broken.flatMap(([is, what]) => (is ? [what] : []));
}

/** The smallest cosine between v and a row that is finite and not zero; 0 where v is zero. Negative: a conflict. */
export function worstCosine(rows: readonly Float32Array[], direction: Float64Array): number {
  const length = normOf(direction);
  if (length === 0) return 0;
  const cosines = rows.map((row) => dot(row, direction) / (normOf(row) * length)).filter(Number.isFinite);
  return Math.min(...cosines);
}

/** ‖v(PJ) − v(J)‖ relative to the longest row or v: 0 for a strategy that ignores the order of tasks. */
export function permutationGap(strategy: Strategy, rows: readonly Float32Array[], order: readonly number[]): number {
  const tasks = rows.map((_, k) => `t${k}`);
  const moved = runOnce(
    strategy,
    order.map((k) => rows[k]!),
    { tasks: order.map((k) => tasks[k]!) },
  );
  return gap(moved.direction, runOnce(strategy, rows, { tasks }).direction);
}

/** How far v is from linear in the rows' scales: v(diag(a + b)J) against v(diag(a)J) + v(diag(b)J), relative. Powers of two keep float32 exact. */
export function scalingGap(strategy: Strategy, rows: readonly Float32Array[], random: StrategyRandom): number {
  const powers = () => rows.map(() => 2 ** Math.floor(6 * random.uniform() - 3));
  const [a, b] = [powers(), powers()];
  const at = (scales: number[]) =>
    runOnce(
      strategy,
      rows.map((row, k) => scaled(row, scales[k]!)),
    ).direction;
  const [va, vb, both] = [at(a), at(b), at(a.map((scale, k) => scale + b[k]!))];
  return gap(
    both,
    va.map((value, i) => value + vb[i]!),
  );
}

/** ‖v(κJ) − κ^degree v(J)‖, relative. κ must be a power of two. */
export function homogeneityGap(strategy: Strategy, rows: readonly Float32Array[], scale: number, degree = 1): number {
  const base = runOnce(strategy, rows).direction.map((value) => value * scale ** degree);
  return gap(
    runOnce(
      strategy,
      rows.map((row) => scaled(row, scale)),
    ).direction,
    base,
  );
}

export function normOf(values: Float32Array | Float64Array): number {
  return Math.sqrt(dot(values, values));
}

/** ‖a − b‖ / max(‖a‖, ‖b‖), 0 for two zeros. */
export function gap(a: Float64Array, b: Float64Array): number {
  const size = Math.max(normOf(a), normOf(b));
  return size === 0 ? 0 : normOf(a.map((value, i) => value - b[i]!)) / size;
}

function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function combined64(rows: readonly Float32Array[], weights: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  rows.forEach((row, k) => {
    if (weights[k] !== 0) row.forEach((value, i) => (sum[i]! += weights[k]! * value));
  });
  return sum;
}

const combined = (rows: readonly Float32Array[], weights: ArrayLike<number>) =>
  Float32Array.from(combined64(rows, weights));
const scaled = (row: Float32Array, scale: number) => row.map((value) => value * scale);
const same = (a: Float64Array, b: Float64Array) => a.every((value, i) => Object.is(value, b[i]));

const rowsOf = (values: readonly (readonly number[])[]) => values.map((row) => Float32Array.from(row));

/** The matrices of published golden values: TorchJD's own (J2), and two more that conflict less (J3) and in pairs (J4). Exact in float32. */
export const golden = {
  J2: rowsOf([
    [-4, 1, 1],
    [6, 1, 1],
  ]),
  J3: rowsOf([
    [1, 2, 0, -1],
    [-2, 1, 1, 0.5],
    [0.5, -1, 2, 1],
  ]),
  J4: rowsOf([
    [2, -1, 0, 1, 3],
    [-1, 2, 1, 0, -2],
    [0.5, 0.5, -3, 1, 0],
    [1, 1, 1, -2, 0.5],
  ]),
};

/** Rows with zero in their convex hull: opposed, in balance, and opposed beside a row that nobody opposes. */
export const stationary = {
  opposed: rowsOf([
    [1, 0],
    [-1, 0],
  ]),
  balanced: rowsOf([
    [1, 0],
    [0, 1],
    [-1, -1],
  ]),
  partly: rowsOf([
    [1, 0],
    [-1, 0],
    [0, 1],
  ]),
};

/** max |a_i − b_i|; infinite for lists of different lengths. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

/** Chance that orders as told, one order a call and the last one for ever; every other draw is its middle. */
export function ordered(...orders: readonly (readonly number[])[]): StrategyRandom {
  let call = 0;
  return {
    uniform: () => 0.5,
    normal: () => 0,
    permutation: (n) => [...(orders[Math.min(call++, orders.length - 1)] ?? Array(n).keys())],
  };
}
