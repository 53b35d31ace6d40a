import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { randomStream } from '../random.ts';
import { faultsOf, golden, homogeneityGap, permutationGap, runOnce, scalingGap, worstCosine } from './claims.ts';
import { defineWeighing, type StrategyInput, type StrategyState } from './strategy.ts';

const strategyOf = (weights: (input: StrategyInput) => number[], state: StrategyState = {}) =>
  defineWeighing({
    name: 'broken',
    summary: 'Broken on purpose.',
    source: 'none',
    needs: 'gramian',
    parameters: z.strictObject({}),
    create: () => ({ init: () => ({}), weigh: (input) => ({ weights: Float64Array.from(weights(input)), state }) }),
  });
const sum = strategyOf(({ tasks }) => tasks.map(() => 1));
const first = strategyOf(({ tasks }) => tasks.map((_, k) => (k === 0 ? 1 : 0)));

describe('the measures that claims rest on', () => {
  it('find a conflict, and none in a direction of zero', () => {
    expect(worstCosine(golden.J2, runOnce(first, golden.J2).direction)).toBeCloseTo(-0.841191024, 8);
    expect(worstCosine(golden.J2, new Float64Array(3))).toBe(0);
  });

  it('find a strategy that depends on the order of tasks', () => {
    expect(permutationGap(first, golden.J3, [1, 2, 0])).toBeGreaterThan(0.1);
    expect(permutationGap(sum, golden.J3, [1, 2, 0])).toBe(0);
  });

  it('find one that is not linear in scales, or of another degree', () => {
    const shortest = strategyOf(({ gramian, tasks }) => tasks.map((_, k) => gramian![k * tasks.length + k]!));
    expect(scalingGap(sum, golden.J3, randomStream(1, 'claims'))).toBeLessThan(1e-6);
    expect(scalingGap(shortest, golden.J3, randomStream(1, 'claims'))).toBeGreaterThan(0.1);
    expect(homogeneityGap(shortest, golden.J3, 4)).toBeGreaterThan(0.1);
    expect(homogeneityGap(shortest, golden.J3, 4, 3)).toBe(0);
  });

  it('find weights that are missing, not finite, for a broken row, by chance of their own, or beside `stationary`', () => {
    const broken = [...golden.J3, Float32Array.of(NaN, 0, 0, 0)];
    let calls = 0;
    expect(faultsOf(sum, golden.J3)).toEqual([]);
    expect(faultsOf(sum, broken)).toContain('a weight for a row that is not finite');
    expect(
      faultsOf(
        strategyOf(() => [1]),
        golden.J2,
      ),
    ).toContain('not one weight a task');
    expect(
      faultsOf(
        strategyOf(() => [NaN, 1]),
        golden.J2,
      ),
    ).toContain('a weight that is not finite');
    expect(
      faultsOf(
        strategyOf(() => [++calls, 1]),
        golden.J2,
      ),
    ).toContain('another result from the same input');
    expect(
      faultsOf(
        strategyOf(() => [1, 1], { stationary: true }),
        golden.J2,
      ),
    ).toContain('stationary, yet a direction');
  });
});
