import { describe, expect, it } from 'vitest';
import { imtlL } from './imtl-l.ts';
import { awkwardFaultsOf, J2, orderGap, runRounds, stateFaultsOf } from './rounds.ts';

describe('imtl-l', () => {
  it('starts at e^0 and follows e^s L − 1 (golden values: LibMTL 4336804, IMTL: ∂s = (1, −0.5) at s = 0)', () => {
    const { weights, state } = runRounds(imtlL, [{ rows: J2, losses: [2, 0.5] }])[0]!;
    expect([...weights!]).toEqual([1, 1]);
    const scale = state.logScale as Record<string, { mean: number; value: number }>;
    expect(scale.t0!.mean / 0.1).toBeCloseTo(1, 12);
    expect(scale.t1!.mean / 0.1).toBeCloseTo(-0.5, 12);
    expect(scale.t0!.value).toBeCloseTo(-0.025, 8);
    expect(scale.t1!.value).toBeCloseTo(0.025, 8);
  });

  it('brings every scaled loss to 1', () => {
    const { weights } = runRounds(imtlL, Array(600).fill({ rows: J2, losses: [2, 0.5] })).at(-1)!;
    expect(weights![0]! * 2).toBeCloseTo(1, 2);
    expect(weights![1]! * 0.5).toBeCloseTo(1, 2);
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(imtlL)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(imtlL)).toBeLessThan(1e-12);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(imtlL)).toEqual([]);
  });
});
