import type { StrategyInput, StrategyState } from './strategy.ts';

export interface Usable {
  /** Places, in the order of the input, of the rows that are finite and not zero. */
  readonly kept: readonly number[];
  /** The same input over the kept rows only: tasks, sub-Gramian, rows, losses and all that comes a row. */
  readonly input: StrategyInput;
  /** Whether a finite row was there at all: true and nothing kept means that every row is zero. */
  readonly answered: boolean;
}

export interface Weighing {
  readonly weights: ArrayLike<number>;
  readonly state: StrategyState;
}

/**
 * Sets aside rows that are absent, not finite or zero. Judged by the Gramian's diagonal, else by the rows themselves; where
 * the input has neither, every task counts as usable.
 */
export function setAside(input: StrategyInput): Usable {
  const squares = input.tasks.map((_, k) => squaredNorm(input, k));
  const kept = squares.flatMap((square, k) => (Number.isFinite(square) && square > 0 ? [k] : []));
  const answered = squares.some(Number.isFinite);
  return { kept, answered, input: kept.length === squares.length ? input : subset(input, kept) };
}

/** Values given for the kept places, 0 elsewhere: one a task of the whole input. */
export function spread(values: ArrayLike<number>, kept: readonly number[], count: number): Float64Array {
  const all = new Float64Array(count);
  kept.forEach((k, i) => (all[k] = values[i]!));
  return all;
}

/**
 * Runs `solve` over the usable rows when there are at least two. One row left: weight 1 for it. None left: zero weights, and
 * `stationary` if that is because all are zero; a round without any finite row leaves the state as it is.
 */
export function overUsable(
  input: StrategyInput,
  state: StrategyState,
  solve: (usable: StrategyInput, state: StrategyState) => Weighing,
): { weights: Float64Array; state: StrategyState } {
  const usable = setAside(input);
  const count = input.tasks.length;
  if (!usable.answered) return { weights: new Float64Array(count), state };
  if (usable.kept.length < 2) {
    const weights = spread([1], usable.kept, count);
    return { weights, state: { ...state, stationary: usable.kept.length === 0 } };
  }
  const solved = solve(usable.input, state);
  return { weights: spread(solved.weights, usable.kept, count), state: solved.state };
}

function squaredNorm({ tasks, gramian, rows }: StrategyInput, k: number): number {
  if (gramian) return gramian[k * tasks.length + k]!;
  if (!rows) return 1;
  const row = rows[k];
  if (!row) return NaN;
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i]! * row[i]!;
  return sum;
}

/** The same input over the rows at the places `kept`. */
export function subset(input: StrategyInput, kept: readonly number[]): StrategyInput {
  const { tasks, gramian, rows, losses, lossesAfter, extraRows } = input;
  return {
    ...input,
    tasks: kept.map((k) => tasks[k]!),
    gramian: gramian && Float64Array.from(kept.flatMap((i) => kept.map((j) => gramian[i * tasks.length + j]!))),
    rows: rows && kept.map((k) => rows[k]!),
    losses: Float64Array.from(kept, (k) => losses[k]!),
    ...(lossesAfter && { lossesAfter: Float64Array.from(kept, (k) => lossesAfter[k]!) }),
    ...(extraRows && { extraRows: extraRows.map((batch) => kept.map((k) => batch[k]!)) }),
  };
}
