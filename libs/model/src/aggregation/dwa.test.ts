import { describe, expect, it } from 'vitest';
import { dwa } from './dwa.ts';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';

const parameters = { window: 1 };

describe('dwa', () => {
  it('weighs by the ratio of the last two window means (golden values: LibMTL 4336804, DWA, T = 2)', () => {
    const two = [
      [2, 1],
      [1, 0.9],
      [5, 5],
    ].map((losses) => ({ rows: J2, losses }));
    [0.90033201, 1.09966799].forEach((value, k) =>
      expect(runRounds(dwa, two, { parameters })[2]!.weights![k]).toBeCloseTo(value, 7),
    );
    const three = [
      [2, 1, 1],
      [1, 0.9, 0.2],
      [5, 5, 5],
    ].map((losses) => ({ rows: J3, losses }));
    [0.97335893, 1.18886328, 0.83777779].forEach((value, k) =>
      expect(runRounds(dwa, three, { parameters })[2]!.weights![k]).toBeCloseTo(value, 7),
    );
  });

  it('weighs every task by 1 in the first two windows, then by means over whole windows', () => {
    const losses = [
      [3, 1],
      [1, 1],
      [1.5, 0.8],
      [0.5, 1],
      [9, 9],
    ];
    const rounds = runRounds(
      dwa,
      losses.map((pair) => ({ rows: J2, losses: pair })),
      { parameters: { window: 2 } },
    );
    for (const { weights } of rounds.slice(0, 4)) expect([...weights!]).toEqual([1, 1]);
    // Means (2, 1) then (1, 0.9): the golden case above.
    expect(rounds[4]!.weights![0]).toBeCloseTo(0.90033201, 7);
  });

  it('gives a task that joined late the ratio 1', () => {
    const old = { rows: J2, tasks: ['a', 'b'], losses: [1, 1] };
    const joined = { rows: J3, tasks: ['a', 'b', 'c'], losses: [1, 1, 7] };
    const { weights } = runRounds(dwa, [old, old, joined], { parameters })[2]!;
    expect([...weights!]).toEqual([1, 1, 1]);
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(dwa, { parameters })).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(dwa, { parameters })).toBeLessThan(1e-12);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(dwa, parameters)).toEqual([]);
  });
});
