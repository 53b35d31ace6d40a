import { describe, expect, it } from 'vitest';
import { famo } from './famo.ts';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';
import { softmax } from './softmax.ts';

describe('famo', () => {
  it('makes log losses fall alike at first (golden values: LibMTL 4336804, FAMO step 1)', () => {
    const two = runRounds(famo, [{ rows: J2, losses: [2, 0.5] }])[0]!;
    expect(two.weights![0]).toBeCloseTo(0.2, 12);
    expect(two.weights![1]).toBeCloseTo(0.8, 12);
    [4, 1, 1].forEach((value, i) => expect(two.direction[i]).toBeCloseTo(value, 12));
    const three = runRounds(famo, [{ rows: J3, losses: [1, 2, 0.25] }])[0]!;
    [0.36363636, -0.27272726, 1.54545454, 0.59090908].forEach((value, i) =>
      expect(Math.abs(three.direction[i]! - value)).toBeLessThan(1e-6),
    );
  });

  it('learns from the losses after the step (golden values: LibMTL 4336804, FAMO, two Adam steps)', () => {
    const round = { rows: J2, losses: [2, 0.5] };
    const after = { ...round, lossesAfter: [1.5, 0.49] };
    const rounds = runRounds(famo, [round, after, after]);
    const logits = rounds.map(({ state }) => state.logits as Record<string, { value: number; mean: number }>);
    expect(logits[0]!.t0!.value).toBe(0);
    expect(logits[1]!.t0!.mean / 0.1).toBeCloseTo(0.066869841, 8);
    expect(logits[2]!.t0!.value).toBeCloseTo(-0.04999934, 6);
    expect(logits[2]!.t1!.value).toBeCloseTo(0.04999934, 6);
    const z = softmax([logits[2]!.t0!.value, logits[2]!.t1!.value]);
    expect(z[0]).toBeCloseTo(0.47502114, 6);
    expect(z[1]).toBeCloseTo(0.52497886, 6);
  });

  it('learns nothing of a task whose losses after the step are not known', () => {
    const round = { rows: J3, losses: [2, 0.5, 1] };
    const { state } = runRounds(famo, [round, { ...round, lossesAfter: [1.5, 0.49, NaN] }])[1]!;
    const logits = state.logits as Record<string, { steps: number }>;
    expect([logits.t0!.steps, logits.t1!.steps, logits.t2!.steps]).toEqual([1, 1, 0]);
  });

  it('sums to 1', () => {
    const { weights } = runRounds(famo, [{ rows: J3, losses: [1e-5, 3, 1e6] }])[0]!;
    expect(weights!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 14);
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(famo)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(famo)).toBeLessThan(1e-12);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(famo)).toEqual([]);
  });
});
