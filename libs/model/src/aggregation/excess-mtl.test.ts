import { describe, expect, it } from 'vitest';
import { excessMtl } from './excess-mtl.ts';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';

const golden = [
  { rows: J2 },
  {
    rows: [
      [-2, 1, 0],
      [5, 0, 1],
    ],
  },
  {
    rows: [
      [-1, 0.5, 0],
      [4, 1, 1],
    ],
  },
];

describe('excess-mtl', () => {
  it('weighs by excess risk relative to the first (golden values: LibMTL 4336804, ExcessMTL, η = 0.01)', () => {
    const rounds = runRounds(excessMtl, golden);
    const expected = [
      [1, 1],
      [0.998892094, 1.001107906],
      [0.997270446, 1.002729554],
    ];
    rounds.forEach(({ state, direction }, r) => {
      const weights = Object.values(state.weights as Record<string, number>);
      expected[r]!.forEach((value, k) => expect(Math.abs(weights[k]! - value)).toBeLessThan(1e-6));
      const [a, b] = golden[r]!.rows;
      direction.forEach((value, i) =>
        expect(value).toBeCloseTo(expected[r]![0]! * a![i]! + expected[r]![1]! * b![i]!, 5),
      );
    });
  });

  it('does not depend on the scale of a task: only the relation to its own past counts', () => {
    const [plain, tiny] = [1, 2 ** -60].map((scale) => {
      const rounds = golden.map(({ rows }) => ({
        rows: rows.map((row, k) => (k === 0 ? row.map((value) => value * scale) : row)),
      }));
      return runRounds(excessMtl, rounds).map(({ state }) => state.weights);
    });
    expect(tiny).toEqual(plain);
  });

  it('starts a task that joins at weight 1 and keeps the proportion to absent ones', () => {
    const both = (rows: number[][]) => ({ rows, tasks: ['a', 'b'] });
    const joined = { rows: J3, tasks: ['a', 'b', 'c'] };
    const rounds = runRounds(excessMtl, [both(J2), both(golden[1]!.rows), { rows: [J2[0]!], tasks: ['a'] }, joined]);
    const weights = rounds.map(({ state }) => state.weights as Record<string, number>);
    expect(weights[2]).toEqual(weights[1]);
    const sum = Object.values(weights[3]!).reduce((total, weight) => total + weight, 0);
    expect(sum).toBeCloseTo(3, 12);
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(excessMtl)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(excessMtl)).toBeLessThan(1e-6);
  });

  it('gives finite values for any rows', () => {
    expect(awkwardFaultsOf(excessMtl, { step: 10 })).toEqual([]);
  });
});
