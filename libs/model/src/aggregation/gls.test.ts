import { describe, expect, it } from 'vitest';
import { runOnce } from './claims.ts';
import { gls } from './gls.ts';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';

describe('gls', () => {
  it('is the gradient of the geometric mean (golden values: LibMTL 4336804, GLS)', () => {
    const two = runRounds(gls, [{ rows: J2, losses: [2, 0.5] }])[0]!;
    expect(two.weights![0]).toBeCloseTo(0.25, 12);
    expect(two.weights![1]).toBeCloseTo(1, 12);
    [5, 1.25, 1.25].forEach((value, i) => expect(two.direction[i]).toBeCloseTo(value, 12));
    const three = runRounds(gls, [{ rows: J3, losses: [1, 2, 0.25] }])[0]!;
    [0.52913368, -0.39685026, 2.24881816, 0.85984224].forEach((value, i) =>
      expect(three.direction[i]).toBeCloseTo(value, 7),
    );
  });

  it('neither over- nor underflows where the product of losses would', () => {
    const rows = Array.from({ length: 32 }, () => Float32Array.of(1));
    for (const loss of [1e200, 1e-200]) {
      const { weights } = runOnce(gls, rows, { losses: rows.map(() => loss) });
      for (const weight of weights!) expect(weight).toBeCloseTo(1 / 32, 10);
    }
  });

  it('counts a loss that is not positive as 1e-12 of the largest', () => {
    const { weights } = runRounds(gls, [{ rows: J2, losses: [1, -3] }])[0]!;
    const floor = 3e-12;
    expect(weights![1]! / (Math.sqrt(floor) / (2 * floor))).toBeCloseTo(1, 10);
  });

  it('has no state to change', () => {
    expect(stateFaultsOf(gls)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(gls)).toBeLessThan(1e-12);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(gls)).toEqual([]);
  });
});
