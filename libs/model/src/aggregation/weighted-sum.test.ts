import { describe, expect, it } from 'vitest';
import { runOnce } from './claims.ts';
import { awkwardFaultsOf, J2, orderGap, stateFaultsOf } from './rounds.ts';
import { weightedSum } from './weighted-sum.ts';

const rowsOf = (rows: number[][]) => rows.map((row) => Float32Array.from(row));

describe('weighted-sum', () => {
  it('is the sum by default (golden values: TorchJD 46962c2, Sum())', () => {
    expect([...runOnce(weightedSum, rowsOf(J2)).direction]).toEqual([2, 2, 2]);
  });

  it('weighs by λ without renormalising (golden values: TorchJD 46962c2, Constant([1, 2]))', () => {
    const { weights, direction } = runOnce(weightedSum, rowsOf(J2), { parameters: { weights: { t1: 2 } } });
    expect([...weights!]).toEqual([1, 2]);
    expect([...direction]).toEqual([8, 3, 3]);
  });

  it('keeps λ for a single row', () => {
    const { direction } = runOnce(weightedSum, rowsOf([[3, 4]]), { parameters: { weights: { t0: 0.5 } } });
    expect([...direction]).toEqual([1.5, 2]);
  });

  it('leaves out a row that is not finite and leaves the other weights as they are', () => {
    expect([...runOnce(weightedSum, rowsOf([[NaN], [2], [0]])).weights!]).toEqual([0, 1, 1]);
  });

  it('refuses a negative λ', () => {
    expect(() => weightedSum.create({ weights: { t0: -1 } })).toThrow();
  });

  it('needs the sum only', () => {
    expect(weightedSum.needs).toBe('sum');
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(weightedSum)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(weightedSum)).toBeLessThan(1e-15);
  });

  it('gives finite values for any rows', () => {
    expect(awkwardFaultsOf(weightedSum)).toEqual([]);
  });
});
