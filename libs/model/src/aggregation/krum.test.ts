import { describe, expect, it } from 'vitest';
import { runOnce } from './claims.ts';
import { krum } from './krum.ts';
import { awkwardFaultsOf, orderGap, stateFaultsOf } from './rounds.ts';

const rowsOf = (rows: number[][]) => rows.map((row) => Float32Array.from(row));
const golden = [
  [1, 1, 1],
  [1, 0, 1],
  [75, -666, 23],
  [1, 2, 3],
  [2, 0, 1],
];
const directionOf = (rows: number[][], parameters: object = {}) => [
  ...runOnce(krum, rowsOf(rows), { parameters }).direction,
];

describe('krum', () => {
  it('is the mean of the m rows nearest to the others (golden values: TorchJD 46962c2, Krum(1, 4))', () => {
    expect(directionOf(golden, { f: 1, m: 4 })).toEqual([1.25, 0.75, 1.5]);
  });

  it('returns one row by default, at a tie the first', () => {
    expect(directionOf([[0], [1], [2], [3]])).toEqual([1]);
    expect(directionOf([[5], [7]])).toEqual([5]);
  });

  it('ignores one far row among five, wherever it points', () => {
    for (const far of [1e6, -1e6]) {
      const rows = golden.map((row, k) => (k === 2 ? [far, far, far] : row));
      expect(Math.max(...directionOf(rows, { f: 1 }).map(Math.abs))).toBeLessThan(3);
    }
  });

  it('counts a zero row as an answer and leaves out one that is not finite', () => {
    expect(
      directionOf(
        [
          [0, 0],
          [0, 0],
          [9, 9],
        ],
        { m: 2 },
      ),
    ).toEqual([0, 0]);
    expect(
      directionOf([
        [NaN, 0],
        [3, 4],
      ]),
    ).toEqual([3, 4]);
  });

  it('takes the mean of all rows where m is larger than their number', () => {
    expect(directionOf([[1], [2], [6]], { m: 10 })).toEqual([3]);
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(krum)).toEqual([]);
  });

  it('does not depend on the order of tasks where no scores tie', () => {
    expect(orderGap(krum, { parameters: { m: 2 } })).toBeLessThan(1e-6);
  });

  it('gives finite values for any rows', () => {
    expect(awkwardFaultsOf(krum, { f: 1, m: 3 })).toEqual([]);
  });
});
