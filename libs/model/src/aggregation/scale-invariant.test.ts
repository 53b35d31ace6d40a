import { describe, expect, it } from 'vitest';
import { gap } from './claims.ts';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';
import { scaleInvariant } from './scale-invariant.ts';

describe('scale-invariant', () => {
  it('weighs by 1 / L', () => {
    const { weights } = runRounds(scaleInvariant, [{ rows: J2, losses: [2, 0.5] }])[0]!;
    expect([...weights!]).toEqual([0.5, 2]);
  });

  it('gives the same direction when one loss, and so its row, is multiplied by a constant', () => {
    const plain = runRounds(scaleInvariant, [{ rows: J3, losses: [1, 2, 0.25] }])[0]!;
    const rows = J3.map((row, k) => (k === 1 ? row.map((value) => 1024 * value) : row));
    const scaled = runRounds(scaleInvariant, [{ rows, losses: [1, 2048, 0.25] }])[0]!;
    expect(gap(plain.direction, scaled.direction)).toBeLessThan(1e-14);
  });

  it('counts a loss that is not positive as 1e-12 of the largest, and losses all zero as 1', () => {
    const weightsAt = (losses: number[]) => [...runRounds(scaleInvariant, [{ rows: J2, losses }])[0]!.weights!];
    expect(weightsAt([4, -1])).toEqual([0.25, 1 / 4e-12]);
    expect(weightsAt([0, 0])).toEqual([1, 1]);
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(scaleInvariant)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(scaleInvariant)).toBeLessThan(1e-12);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(scaleInvariant)).toEqual([]);
  });
});
