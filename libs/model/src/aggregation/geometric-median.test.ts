import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { matrixOf, runOnce } from './claims.ts';
import { geometricMedian } from './geometric-median.ts';
import { awkwardFaultsOf, orderGap, stateFaultsOf } from './rounds.ts';

const directionOf = (...rows: number[][]) => [
  ...runOnce(
    geometricMedian,
    rows.map((row) => Float32Array.from(row)),
  ).direction,
];

/** ‖Σ (g_k − x) / ‖g_k − x‖‖: 0 at the median, unless it is a row. */
function pullAt(rows: readonly Float32Array[], x: ArrayLike<number>): number {
  const pull = new Float64Array(x.length);
  for (const row of rows) {
    const toRow = Array.from(row, (value, i) => value - x[i]!);
    const length = Math.hypot(...toRow);
    toRow.forEach((value, i) => (pull[i]! += value / length));
  }
  return Math.hypot(...pull);
}

describe('geometric-median', () => {
  it('is the point where the unit pulls of the rows cancel', () => {
    for (const count of [3, 4, 5, 12, 32]) {
      const rows = matrixOf('random', count, randomStream(3, count));
      const { direction } = runOnce(geometricMedian, rows);
      expect(pullAt(rows, direction)).toBeLessThan(1e-5);
    }
  });

  it('is the crossing of the diagonals for four rows (Fagnano 1775)', () => {
    const [x, y] = directionOf([0, 0], [4, 4], [0, 2], [2, 0]);
    expect(x).toBeCloseTo(1, 6);
    expect(y).toBeCloseTo(1, 6);
  });

  it('sees every side under 120 degrees in a triangle (Torricelli)', () => {
    const [x, y] = directionOf([-1, 0], [1, 0], [0, 3]);
    expect(x).toBeCloseTo(0, 6);
    expect(y).toBeCloseTo(1 / Math.sqrt(3), 6);
  });

  it('is a row itself where the others do not outweigh it', () => {
    // An angle of 150 degrees at the origin; and three equal rows against two.
    expect(directionOf([0, 0], [2, 0], [-Math.sqrt(3), 1])).toEqual([0, 0]);
    expect(directionOf([1, 2], [1, 2], [1, 2], [500, 1], [7, -90])).toEqual([1, 2]);
  });

  it('is the mean of two rows', () => {
    expect(directionOf([1, 2], [3, 8])).toEqual([2, 5]);
  });

  it('hardly moves with one row that runs away', () => {
    const rows = [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ];
    const near = directionOf(...rows, [10, 3]);
    const far = directionOf(...rows, [1e7, 3e6]);
    near.forEach((value, i) => expect(Math.abs(value - far[i]!)).toBeLessThan(0.1));
  });

  it('counts a zero row as an answer and leaves out one that is not finite', () => {
    expect(directionOf([0, 0], [0, 0], [9, 1])).toEqual([0, 0]);
    expect(directionOf([NaN, 0], [3, 4])).toEqual([3, 4]);
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(geometricMedian)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(geometricMedian)).toBeLessThan(1e-6);
  });

  it('gives finite values for any rows', () => {
    expect(awkwardFaultsOf(geometricMedian)).toEqual([]);
  });
});
