import { describe, expect, it } from 'vitest';
import { runOnce } from './claims.ts';
import { graddrop } from './graddrop.ts';
import { awkwardFaultsOf, J2, J3, orderGap, stateFaultsOf } from './rounds.ts';
import type { StrategyRandom } from './strategy.ts';

const rowsOf = (rows: number[][]) => rows.map((row) => Float32Array.from(row));
function draws(values: number[]): StrategyRandom {
  const left = [...values];
  const refuse = () => expect.fail('only uniform() may be drawn');
  return { uniform: () => left.shift() ?? expect.fail('too many draws'), normal: refuse, permutation: refuse };
}
const directionAt = (uniform: number[], rows: number[][], leak = 0) => [
  ...runOnce(graddrop, rowsOf(rows), { random: draws(uniform), parameters: { leak } }).direction,
];

describe('graddrop', () => {
  it('keeps one sign a coordinate, by one uniform each (golden values: TorchJD 46962c2, GradDrop() after torch.manual_seed(0))', () => {
    expect(directionAt([0.4963, 0.7682, 0.0885], J2)).toEqual([6, 2, 2]);
  });

  it('keeps the negative entries where the draw is above P = ½(1 + Σg / Σ|g|)', () => {
    expect(directionAt([0.59, 0, 0], J2)[0]).toBe(6);
    expect(directionAt([0.61, 0, 0], J2)[0]).toBe(-4);
  });

  it('keeps a coordinate on which all tasks agree, whatever is drawn', () => {
    expect(
      directionAt(
        [0.999, 0.999, 0],
        [
          [1, -1, 0],
          [2, -3, 0],
        ],
      ),
    ).toEqual([3, -4, 0]);
  });

  it('lets the share `leak` of dropped entries through, all of it at 1', () => {
    expect(directionAt([0.4963, 0, 0], J2, 0.25)[0]).toBe(5);
    expect(directionAt([0.4963, 0, 0], J2, 1)).toEqual([2, 2, 2]);
  });

  it('gives the sum on average', () => {
    const grid = Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000);
    const mean = grid.reduce((sum, u) => sum + directionAt([u, 0, 0], J2)[0]! / 1000, 0);
    // E v = P · 6 − (1 − P) · 4 with P = 0.6.
    expect(mean).toBeCloseTo(2, 2);
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(graddrop)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(graddrop)).toBeLessThan(1e-6);
  });

  it('gives finite values for any rows', () => {
    expect(awkwardFaultsOf(graddrop)).toEqual([]);
    expect(
      directionAt(
        [0.1, 0.9],
        J3.map(() => [3e38, -3e38]),
      ).every(Number.isFinite),
    ).toBe(true);
  });
});
