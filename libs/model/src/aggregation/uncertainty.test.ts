import { describe, expect, it } from 'vitest';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';
import { learnedFrom } from './scalar-adam.ts';
import { uncertainty } from './uncertainty.ts';

/** As if s had been learned to be −0.5, LibMTL's first value. */
const state = {
  logVariance: { t0: learnedFrom(-0.5), t1: learnedFrom(-0.5), t2: learnedFrom(-0.5) },
};

describe('uncertainty', () => {
  it('weighs by e^−s / 2 (golden values: LibMTL 4336804, UW, at its s = −0.5)', () => {
    const two = runRounds(uncertainty, [{ rows: J2, losses: [2, 0.5] }], { state })[0]!;
    for (const weight of two.weights!) expect(weight).toBeCloseTo(0.82436064, 7);
    for (const value of two.direction) expect(value).toBeCloseTo(1.64872127, 6);
    const three = runRounds(uncertainty, [{ rows: J3, losses: [1, 2, 0.25] }], { state })[0]!;
    [-0.4121803, 1.64872127, 2.47308191, 0.4121803].forEach((value, i) =>
      expect(three.direction[i]).toBeCloseTo(value, 6),
    );
  });

  it('starts at s = 0 and moves s by its learning rate at first, as Adam does', () => {
    const rounds = runRounds(uncertainty, Array(2).fill({ rows: J2, losses: [2, 0.5] }));
    expect([...rounds[0]!.weights!]).toEqual([0.5, 0.5]);
    expect(rounds[1]!.weights![0]).toBeCloseTo(Math.exp(-0.025) / 2, 6);
    expect(rounds[1]!.weights![1]).toBeCloseTo(Math.exp(0.025) / 2, 6);
  });

  it('comes to 1 / (2 L) where losses stay, the stationary point of its objective', () => {
    const { weights } = runRounds(uncertainty, Array(600).fill({ rows: J2, losses: [2, 0.5] })).at(-1)!;
    expect(weights![0]).toBeCloseTo(0.25, 2);
    expect(weights![1]).toBeCloseTo(1, 2);
  });

  it('stays finite where a loss is never positive', () => {
    const { weights } = runRounds(uncertainty, Array(300).fill({ rows: J2, losses: [-1, 1] }), {
      parameters: { learningRate: 1 },
    }).at(-1)!;
    expect(weights![0]).toBeCloseTo(Math.exp(50) / 2, -10);
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(uncertainty)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(uncertainty)).toBeLessThan(1e-12);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(uncertainty)).toEqual([]);
  });
});
