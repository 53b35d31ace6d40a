import { withinFloat32 } from './float32.ts';
import { allFinite } from './finite.ts';
import type { StrategyInput, StrategyState } from './strategy.ts';
import { setAside, type Usable } from './usable.ts';

export interface Combined {
  readonly sum: Float64Array;
  readonly state: StrategyState;
}

/**
 * Runs `combine` over the usable rows (at least one) and rounds its sum to float32. One row left: that row is the direction, though the
 * strategy may learn from it. None: the zero direction, `stationary` if that is because every row is zero; a round without
 * any finite row leaves the state as it is.
 */
export function overRows(
  input: StrategyInput,
  state: StrategyState,
  combine: (usable: StrategyInput, rows: readonly Float32Array[], state: StrategyState) => Combined,
  choose: (input: StrategyInput) => Usable = setAside,
): { direction: Float32Array; state: StrategyState } {
  if (!input.rows) return { direction: new Float32Array(0), state };
  const { kept, answered, input: usable } = choose(input);
  if (!answered || kept.length === 0) {
    const direction = new Float32Array(lengthOf(input));
    return { direction, state: answered ? { ...state, stationary: true } : state };
  }
  const rows = usable.rows!;
  const combined = combine(usable, rows, state);
  const direction = rows.length === 1 ? rows[0]!.slice() : toDirection(combined.sum);
  return { direction, state: { ...combined.state, stationary: false } };
}

/** As `overRows`, for strategies to which a zero row is an answer: only absent and non-finite rows are left out. */
export function overFiniteRows(
  input: StrategyInput,
  state: StrategyState,
  combine: (rows: readonly Float32Array[]) => Float64Array,
): { direction: Float32Array; state: StrategyState } {
  const rows = (input.rows ?? []).filter((row) => row && allFinite(row));
  if (rows.length === 0) return { direction: new Float32Array(lengthOf(input)), state };
  if (rows.length === 1) return { direction: rows[0]!.slice(), state };
  return { direction: toDirection(combine(rows)), state };
}

/** Rounded to float32 once; what is too large for it becomes its largest value. */
function toDirection(sum: Float64Array): Float32Array {
  const direction = new Float32Array(sum.length);
  for (let i = 0; i < direction.length; i++) direction[i] = withinFloat32(sum[i]!);
  return direction;
}

const lengthOf = ({ rows }: StrategyInput) => rows?.find(Boolean)?.length ?? 0;
