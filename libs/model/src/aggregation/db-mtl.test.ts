import { describe, expect, it } from 'vitest';
import { dbMtl } from './db-mtl.ts';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';

describe('db-mtl', () => {
  it('averages gradients of log losses and stretches them to the longest (golden values: LibMTL 4336804, DB_MTL, β = 0.9, σ = 0)', () => {
    const two = runRounds(dbMtl, Array(2).fill({ rows: J2, losses: [2, 0.5] }));
    const three = runRounds(dbMtl, Array(2).fill({ rows: J3, losses: [1, 2, 0.25] }));
    const golden = [
      [
        [0.03762699, 0.49059324, 0.49059324],
        [0.07149125, 0.93212717, 0.93212717],
      ],
      [
        [-0.19175166, 0.81649649, 1.19999991, 0.1917517],
        [-0.36432819, 1.55134338, 2.27999987, 0.36432823],
      ],
    ];
    [two, three].forEach((rounds, c) =>
      rounds.forEach(({ direction }, r) =>
        golden[c]![r]!.forEach((value, i) => expect(Math.abs(direction[i]! - value)).toBeLessThan(1e-6)),
      ),
    );
  });

  it('gives every task the same length in the sum', () => {
    const rows = [
      [300, 0],
      [0, 0.25],
    ];
    const { direction } = runRounds(dbMtl, [{ rows, losses: [1, 1] }], { parameters: { beta: 0 } })[0]!;
    expect([...direction]).toEqual([300, 300]);
  });

  it('does not change when one loss, and so its row, is multiplied by a constant', () => {
    const rounds = [1, 2 ** 20].map((scale) => {
      const rows = J2.map((row, k) => (k === 0 ? row.map((value) => value * scale) : row));
      return runRounds(dbMtl, [{ rows, losses: [2 * scale, 0.5] }])[0]!.direction;
    });
    expect([...rounds[1]!]).toEqual([...rounds[0]!]);
  });

  it('keeps the average of a task that did not answer', () => {
    const both = { rows: J2, tasks: ['a', 'b'], losses: [1, 1] };
    const rounds = runRounds(dbMtl, [both, { rows: [J2[1]!], tasks: ['b'], losses: [1] }, both]);
    const averages = rounds.map(({ state }) => state.averages as Record<string, { steps: number }>);
    expect(averages[1]!.a).toBe(averages[0]!.a);
    expect([averages[2]!.a!.steps, averages[2]!.b!.steps]).toEqual([2, 3]);
    expect([...rounds[1]!.direction]).toEqual(J2[1]);
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(dbMtl)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(dbMtl)).toBeLessThan(1e-6);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(dbMtl)).toEqual([]);
    expect(awkwardFaultsOf(dbMtl, { beta: 1 })).toEqual([]);
  });
});
