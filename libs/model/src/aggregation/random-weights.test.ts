import { describe, expect, it } from 'vitest';
import { runOnce } from './claims.ts';
import { randomWeights } from './random-weights.ts';
import { awkwardFaultsOf, J2, J3, orderGap, stateFaultsOf } from './rounds.ts';
import type { StrategyRandom } from './strategy.ts';

function draws(values: number[]): StrategyRandom & { left: number[] } {
  const left = [...values];
  const refuse = () => expect.fail('only normal() may be drawn');
  return { left, normal: () => left.shift() ?? expect.fail('too many draws'), uniform: refuse, permutation: refuse };
}
const rowsOf = (rows: number[][]) => rows.map((row) => Float32Array.from(row));

describe('random-weights', () => {
  it('is the softmax of one normal a task, in order (golden values: TorchJD 46962c2, Random() after torch.manual_seed(0))', () => {
    const random = draws([1.540996, -0.2934289]);
    const { weights, direction } = runOnce(randomWeights, rowsOf(J2), { random });
    expect(random.left).toEqual([]);
    [0.8623, 0.1377].forEach((value, k) => expect(weights![k]).toBeCloseTo(value, 4));
    [-2.6229, 1, 1].forEach((value, i) => expect(Math.abs(direction[i]! - value)).toBeLessThan(1e-4));
  });

  it('draws nothing for a row set aside', () => {
    const random = draws([0, 0]);
    const { weights } = runOnce(
      randomWeights,
      rowsOf([
        [1, 0],
        [NaN, 0],
        [0, 1],
      ]),
      { random },
    );
    expect([...weights!]).toEqual([0.5, 0, 0.5]);
    expect(random.left).toEqual([]);
  });

  it('sums to 1', () => {
    const { weights } = runOnce(randomWeights, rowsOf(J3));
    expect(weights!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 14);
  });

  it('depends on the order of tasks through its draws only', () => {
    expect(
      orderGap(randomWeights, { random: { normal: () => 0.3, uniform: () => 0, permutation: () => [] } }),
    ).toBeLessThan(1e-15);
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(randomWeights)).toEqual([]);
  });

  it('gives finite values for any rows', () => {
    expect(awkwardFaultsOf(randomWeights)).toEqual([]);
  });
});
