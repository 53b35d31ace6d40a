import { geometryOf, type Geometry } from './cosines.ts';
import { minNormPoint, ROUNDING_SQUARED } from './solve/index.ts';
import type { StrategyInput, StrategyState } from './strategy.ts';
import { overUsable } from './usable.ts';

/**
 * Runs a Gramian strategy's own solve over the usable rows. Where no direction descends for all of them (0 in their convex hull, up to the rounding
 * of float32 rows), or where `solve` has no finite answer (undefined), the weights are 0 and the state says `stationary`.
 */
export function overDescent(
  input: StrategyInput,
  state: StrategyState,
  solve: (geometry: Geometry, usable: StrategyInput) => ArrayLike<number> | undefined,
): { weights: Float64Array; state: StrategyState } {
  return overUsable(input, state, (usable) => {
    const count = usable.tasks.length;
    const geometry = geometryOf(usable.gramian!, count);
    const weights = isStationary(geometry) ? undefined : solve(geometry, usable);
    const stationary = !weights || !Array.from(weights).every(Number.isFinite);
    return { weights: stationary ? new Float64Array(count) : weights, state: { ...state, stationary } };
  });
}

/** Whether some convex combination of the unit rows is zero, that is, shorter than what rounding rows to float32 leaves of it. */
export function isStationary({ cosines, count }: Geometry): boolean {
  return minNormPoint(cosines, new Float64Array(count).fill(1)).squared <= count * ROUNDING_SQUARED;
}
