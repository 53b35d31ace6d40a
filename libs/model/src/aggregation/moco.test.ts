import { describe, expect, it } from 'vitest';
import { moco } from './moco.ts';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';

describe('moco', () => {
  it('moves its weights along the Gramian of the tracked rows (golden values: LibMTL 4336804, MoCo, defaults, two steps)', () => {
    const two = runRounds(moco, Array(2).fill({ rows: J2, losses: [2, 0.5] }));
    const three = runRounds(moco, Array(2).fill({ rows: J3, losses: [1, 2, 0.25] }));
    const golden = [
      [
        [0.4882834, 0.5117166],
        [0.47953435, 0.52046565],
      ],
      [
        [0.33553747, 0.32686583, 0.3375967],
        [0.3367759, 0.32303495, 0.34018914],
      ],
    ];
    [two, three].forEach((rounds, c) =>
      rounds.forEach(({ state }, r) => {
        const weights = Object.values(state.weights as Record<string, number>);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        golden[c]![r]!.forEach((value, k) => expect(Math.abs(weights[k]! / total - value)).toBeLessThan(1e-6));
      }),
    );
  });

  it('is the weighted sum of the tracked rows', () => {
    const { direction, state } = runRounds(moco, [{ rows: J2, losses: [2, 0.5] }])[0]!;
    const tracked = state.averages as Record<string, { row: Float32Array }>;
    // y = β · L g / n after the first round.
    J2[0]!.forEach((value, i) => expect(tracked.t0!.row[i]).toBeCloseTo((0.5 * 2 * value) / Math.sqrt(18), 6));
    direction.forEach((value, i) =>
      expect(value).toBeCloseTo(0.4882834 * tracked.t0!.row[i]! + 0.5117166 * tracked.t1!.row[i]!, 6),
    );
  });

  it('does not depend on the length of rows, only on their losses', () => {
    const [plain, scaled] = [1, 2 ** 30].map((scale) => {
      const rows = J3.map((row, k) => (k === 2 ? row.map((value) => value * scale) : row));
      return runRounds(moco, [{ rows, losses: [1, 2, 0.25] }])[0]!.direction;
    });
    expect([...scaled!]).toEqual([...plain!]);
  });

  it('keeps what it knows of a task that did not answer', () => {
    const both = { rows: J2, tasks: ['a', 'b'], losses: [1, 1] };
    const rounds = runRounds(moco, [both, { rows: [J2[1]!], tasks: ['b'], losses: [1] }]);
    const weights = rounds.map(({ state }) => state.weights as Record<string, number>);
    expect(weights[1]).toEqual(weights[0]);
    expect((rounds[1]!.state.averages as Record<string, unknown>).a).toBe(
      (rounds[0]!.state.averages as Record<string, unknown>).a,
    );
    expect([...rounds[1]!.direction]).toEqual(J2[1]);
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(moco)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(moco)).toBeLessThan(1e-6);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(moco)).toEqual([]);
  });
});
