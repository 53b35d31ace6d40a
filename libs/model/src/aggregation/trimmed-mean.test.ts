import { describe, expect, it } from 'vitest';
import { runOnce } from './claims.ts';
import { awkwardFaultsOf, orderGap, stateFaultsOf } from './rounds.ts';
import { trimmedMean } from './trimmed-mean.ts';

const directionOf = (rows: number[][], trim?: number) => [
  ...runOnce(
    trimmedMean,
    rows.map((row) => Float32Array.from(row)),
    { parameters: trim === undefined ? {} : { trim } },
  ).direction,
];

describe('trimmed-mean', () => {
  it('leaves out the extremes of every coordinate (golden values: TorchJD 46962c2, TrimmedMean(1))', () => {
    const rows = [
      [1e11, 3],
      [1, -1e11],
      [-1e10, 1e10],
      [2, 2],
    ];
    expect(directionOf(rows)).toEqual([1.5, 2.5]);
  });

  it('is the mean where nothing is trimmed', () => {
    expect(
      directionOf(
        [
          [1, -4],
          [2, 1],
        ],
        0,
      ),
    ).toEqual([1.5, -1.5]);
  });

  it('trims less where none would be left', () => {
    expect(directionOf([[1], [3]], 1)).toEqual([2]);
    expect(directionOf([[1], [3], [100]], 5)).toEqual([3]);
  });

  it('counts a zero row as an answer and leaves out one that is not finite', () => {
    expect(directionOf([[0], [0], [6], [9]])).toEqual([3]);
    expect(directionOf([[NaN], [0], [6], [9]])).toEqual([6]);
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(trimmedMean)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(trimmedMean)).toBe(0);
  });

  it('gives finite values for any rows', () => {
    expect(awkwardFaultsOf(trimmedMean)).toEqual([]);
  });
});
