import { randomStream } from '../random.ts';
import { casesOf, faultsOf, gap, runOnce, type Outcome, type Run } from './claims.ts';
import type { Strategy, StrategyState } from './strategy.ts';

/** What tests of strategies with a memory share: several rounds in a row, and what must hold of the state between them. */

interface Round {
  readonly rows: readonly (readonly number[])[];
  readonly losses?: readonly number[];
  readonly lossesAfter?: readonly number[];
  readonly tasks?: readonly string[];
}

const asRows = (rows: readonly (readonly number[])[]) => rows.map((row) => Float32Array.from(row));

/** The matrices of the reference document's golden values. */
export const J2 = [
  [-4, 1, 1],
  [6, 1, 1],
];
export const J3 = [
  [1, 2, 0, -1],
  [-2, 1, 1, 0.5],
  [0.5, -1, 2, 1],
];

/** Outcomes of rounds run one after the other, the state handed on. Tasks of `init`: those of the first round. */
export function runRounds(strategy: Strategy, rounds: readonly Round[], run: Run = {}): Outcome[] {
  let state = run.state;
  return rounds.map((round, r) => {
    const outcome = runOnce(strategy, asRows(round.rows), {
      random: randomStream(1, 'strategy', r),
      ...run,
      ...(state && { state }),
      ...(round.tasks && { tasks: round.tasks }),
      ...(round.losses && { losses: round.losses }),
      more: { round: r, ...run.more, ...(round.lossesAfter && { lossesAfter: Float64Array.from(round.lossesAfter) }) },
    });
    state = outcome.state;
    return outcome;
  });
}

/**
 * What is broken in how a strategy treats its state over three rounds: it must not change the state it was given, must do the same
 * again from the same state, and must do the same from a copy as a checkpoint makes it.
 */
export function stateFaultsOf(strategy: Strategy, run: Run = {}): string[] {
  const losses = [
    [2, 0.5, 1],
    [1.5, 0.6, 0.9],
    [1, 0.4, 1.1],
  ];
  const rounds = losses.map((loss, r) => ({
    rows: J3.map((row, k) => row.map((value, i) => value * (1 + 0.1 * r * ((k + i) % 3)))),
    losses: loss,
    lossesAfter: loss.map((value, k) => value * (0.8 + 0.1 * k)),
  }));
  const [first, second] = rounds.map((_, r) => runRounds(strategy, rounds.slice(0, r + 1), run)[r]!);
  const before = structuredClone(first!.state);
  const next = (state: StrategyState) => {
    const random = randomStream(1, 'strategy', 1);
    return runRounds(strategy, [rounds[1]!], { ...run, state, random })[0]!;
  };
  const [once, twice, copied] = [next(first!.state), next(first!.state), next(checkpointed(before))];
  const broken: [boolean, string][] = [
    [!equal(first!.state, before), 'the given state was changed'],
    [!equal(once, twice), 'another result from the same state'],
    [!equal(once, copied), 'another result from a restored state'],
    [!equal(once.state, second!.state), 'another state from the same rounds'],
    [!isPlain(once.state), 'a state that a checkpoint cannot hold'],
  ];
  return broken.flatMap(([is, what]) => (is ? [what] : []));
}

/** How far directions move when tasks come in another order, losses with them: the largest over three rounds, relative. */
export function orderGap(strategy: Strategy, run: Run = {}): number {
  const tasks = ['a', 'b', 'c'];
  const order = [2, 0, 1];
  const losses = [2, 0.5, 1];
  const rounds = [1, 0.8, 0.7].map((fall, r) => ({
    tasks,
    rows: J3.map((row, k) => row.map((value) => value * (1 + 0.3 * r * k))),
    losses: losses.map((loss, k) => loss * fall ** (k + 1)),
    lossesAfter: losses.map((loss, k) => loss * fall ** (k + 1) * (0.7 + 0.1 * k)),
  }));
  const straight = runRounds(strategy, rounds, run);
  const turned = runRounds(strategy, rounds.map(moved(order)), run);
  return Math.max(...straight.map(({ direction }, r) => gap(direction, turned[r]!.direction)));
}

const moved = (order: readonly number[]) => (round: Required<Round>) => ({
  tasks: order.map((k) => round.tasks[k]!),
  rows: order.map((k) => round.rows[k]!),
  losses: order.map((k) => round.losses[k]!),
  lossesAfter: order.map((k) => round.lossesAfter[k]!),
});

/** Losses of every awkward kind, for K tasks. */
const awkward = [
  (k: number) => 1 + k,
  () => 0,
  (k: number) => k - 1.5,
  (k: number) => 10 ** (k % 2 ? 15 : -10),
  () => -3,
  (k: number) => (k === 1 ? NaN : 1),
  (k: number) => (k % 2 ? 1e308 : 1e-320),
];

/** Faults over every family of matrices, K of 0, 1, 2, 5 and 32 and every awkward kind of loss, in three rounds each. */
export function awkwardFaultsOf(strategy: Strategy, parameters: unknown = {}): string[] {
  const none = { family: 'none', count: 0, rows: [] };
  return [none, ...casesOf(11, [1, 2, 5, 32])].flatMap(({ family, count, rows }) => {
    const kinds = count > 5 ? awkward.slice(2, 4) : awkward;
    return kinds.flatMap((lossOf, kind) => {
      let state: StrategyState | undefined;
      return [0, 1, 2].flatMap((round) => {
        const losses = rows.map((_, k) => lossOf(k + round));
        const run = {
          parameters,
          losses,
          ...(state && { state }),
          more: { round, lossesAfter: Float64Array.from(losses, (loss) => loss * 0.9) },
        };
        const faults = faultsOf(strategy, rows, run);
        state = runOnce(strategy, rows, run).state;
        const held = isPlain(state) ? faults : [...faults, 'a state that a checkpoint cannot hold'];
        return held.map((fault) => `${family}, K = ${count}, losses ${kind}, round ${round}: ${fault}`);
      });
    });
  });
}

/** As a checkpoint hands it back: JSON for the plain parts, copies of the arrays. */
function checkpointed<T>(value: T): T {
  if (ArrayBuffer.isView(value)) return structuredClone(value);
  if (Array.isArray(value)) return value.map(checkpointed) as T;
  if (value === null || typeof value !== 'object') return JSON.parse(JSON.stringify(value)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, checkpointed<unknown>(inner)])) as T;
}

/** Plain JSON with finite numbers, and typed arrays of finite values. */
function isPlain(value: unknown): boolean {
  if (value instanceof Float32Array || value instanceof Float64Array) return value.every(Number.isFinite);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string' || typeof value === 'boolean') return true;
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value as object).every(isPlain);
}

function equal(a: unknown, b: unknown): boolean {
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
    const [x, y] = [a as Float64Array, b as Float64Array];
    return x.length === y.length && x.every((value, i) => Object.is(value, y[i]));
  }
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return Object.is(a, b);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => equal((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}
