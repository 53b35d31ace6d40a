import { describe, expect, it } from 'vitest';
import { runOnce } from './claims.ts';
import { mean } from './mean.ts';
import { awkwardFaultsOf, J2, orderGap, stateFaultsOf } from './rounds.ts';

const rowsOf = (rows: number[][]) => rows.map((row) => Float32Array.from(row));

describe('mean', () => {
  it('is the mean of the rows (golden values: TorchJD 46962c2, Mean())', () => {
    const { weights, direction } = runOnce(mean, rowsOf(J2));
    expect([...weights!]).toEqual([0.5, 0.5]);
    expect([...direction]).toEqual([1, 1, 1]);
  });

  it('divides λ by the number of rows that are there and finite, zero rows among them', () => {
    const { weights } = runOnce(mean, rowsOf([[NaN], [0], [6]]), { parameters: { weights: { t2: 3 } } });
    expect([...weights!]).toEqual([0, 0.5, 1.5]);
  });

  it('refuses a negative λ', () => {
    expect(() => mean.create({ weights: { t0: -1 } })).toThrow();
  });

  it('needs the sum only', () => {
    expect(mean.needs).toBe('sum');
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(mean)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(mean)).toBeLessThan(1e-15);
  });

  it('gives finite values for any rows', () => {
    expect(awkwardFaultsOf(mean)).toEqual([]);
  });
});
