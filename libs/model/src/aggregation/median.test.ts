import { describe, expect, it } from 'vitest';
import { runOnce } from './claims.ts';
import { median } from './median.ts';
import { awkwardFaultsOf, orderGap, stateFaultsOf } from './rounds.ts';

const directionOf = (...rows: number[][]) => [
  ...runOnce(
    median,
    rows.map((row) => Float32Array.from(row)),
  ).direction,
];

describe('median', () => {
  it('takes the middle value of every coordinate', () => {
    expect(directionOf([1, -5], [1000, 2], [2, 3])).toEqual([2, 2]);
  });

  it('takes the mean of the two middle values of an even count', () => {
    expect(directionOf([1, 0], [2, 0], [4, 8], [1e9, -1])).toEqual([3, 0]);
  });

  it('sorts by value, not by text', () => {
    expect(directionOf([10], [9], [-2])).toEqual([9]);
  });

  it('counts a zero row as an answer and leaves out one that is not finite', () => {
    expect(directionOf([0, 0], [0, 0], [5, 5])).toEqual([0, 0]);
    expect(directionOf([Infinity, 0], [1, 1], [2, 2], [3, 9])).toEqual([2, 2]);
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(median)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(median)).toBe(0);
  });

  it('gives finite values for any rows', () => {
    expect(awkwardFaultsOf(median)).toEqual([]);
  });
});
