import type { StrategyInput, StrategyState } from './strategy.ts';
import { setAside, spread, subset, type Usable, type Weighing } from './usable.ts';

/** As `setAside`, and tasks whose loss is not finite are set aside too. */
export function withFiniteLosses(input: StrategyInput): Usable {
  const usable = setAside(input);
  const kept = usable.kept.filter((k) => Number.isFinite(input.losses[k]));
  if (kept.length === usable.kept.length) return usable;
  return { kept, answered: kept.length > 0, input: subset(input, kept) };
}

/**
 * As `overUsable`, for strategies that read losses and remember them: tasks whose loss is not finite are set aside, and what a
 * single row teaches is learned, though its weight is 1.
 */
export function overLosses(
  input: StrategyInput,
  state: StrategyState,
  learn: (usable: StrategyInput, state: StrategyState) => Weighing,
): { weights: Float64Array; state: StrategyState } {
  const { kept, answered, input: usable } = withFiniteLosses(input);
  const count = input.tasks.length;
  if (!answered) return { weights: new Float64Array(count), state };
  if (kept.length === 0) return { weights: new Float64Array(count), state: { ...state, stationary: true } };
  const learned = learn(usable, state);
  const weights = spread(kept.length === 1 ? [1] : learned.weights, kept, count);
  return { weights, state: { ...learned.state, stationary: false } };
}
