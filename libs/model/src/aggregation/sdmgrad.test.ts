import { describe, expect, it } from 'vitest';
import { runOnce } from './claims.ts';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';
import { sdmgrad } from './sdmgrad.ts';

const rowsOf = (rows: number[][]) => rows.map((row) => Float32Array.from(row));
const after = (rows: number[][], extra?: number[][][]) =>
  runOnce(sdmgrad, rowsOf(rows), { ...(extra && { more: { extraRows: extra.map(rowsOf) } }) });

describe('sdmgrad', () => {
  it('descends along the cross-Gramian (golden values: LibMTL 4336804, SDMGrad, defaults, the same batch three times)', () => {
    const golden: [number[][], number[]][] = [
      [J2, [4.84615385, 1, 1]],
      [J3, [-0.46276891, 0.03175359, 1.44566167, 0.64590776]],
    ];
    for (const [rows, direction] of golden) {
      for (const outcome of [after(rows), after(rows, [rows, rows])]) {
        direction.forEach((value, i) => expect(Math.abs(outcome.direction[i]! - value)).toBeLessThan(1e-6));
      }
    }
  });

  it('combines the rows of the round and learns the weights from the other two batches', () => {
    const other = [
      [1, 0, 0],
      [0, 3, 0],
    ];
    const { direction, state } = after(J2, [other, other]);
    const weights = Object.values(state.weights as Record<string, number>).map((weight) => weight / 2);
    expect(weights).not.toEqual(Object.values(after(J2).state.weights as object).map((weight: number) => weight / 2));
    J2[0]!.forEach((_, i) => {
      const value = [0, 1].reduce((sum, k) => sum + ((weights[k]! + 0.15) / 1.3) * J2[k]![i]!, 0);
      expect(direction[i]).toBeCloseTo(value, 5);
    });
  });

  it('approaches the mean as lambda grows', () => {
    const { direction } = runOnce(sdmgrad, rowsOf(J3), { parameters: { lambda: 1e9 } });
    direction.forEach((value, i) =>
      expect(value).toBeCloseTo(
        J3.reduce((sum, row) => sum + row[i]! / 3, 0),
        6,
      ),
    );
  });

  it('sets aside a task whose extra rows are not finite', () => {
    const broken = [J2[0]!, [NaN, 0, 0]];
    expect([...after(J2, [J2, broken]).direction]).toEqual(J2[0]);
  });

  it('starts from the weights of the round before', () => {
    const parameters = { iterations: 1, lr: 0.01 };
    const [first, second] = runRounds(sdmgrad, Array(2).fill({ rows: J3 }), { parameters });
    const [once, twice] = [first!, second!].map(({ state }) => state.weights as Record<string, number>);
    const from = (weight: number) => Math.abs(weight - 1);
    expect(from(twice!.t0!)).toBeGreaterThan(from(once!.t0!));
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(sdmgrad)).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(sdmgrad)).toBeLessThan(1e-6);
  });

  it('gives finite values for any rows, also where the batches disagree', () => {
    expect(awkwardFaultsOf(sdmgrad)).toEqual([]);
    const turned = J2.map((row) => row.map((value) => -value));
    expect(after(J2, [J2, turned]).direction.every(Number.isFinite)).toBe(true);
    expect(
      after(J2, [
        [
          [0, 0, 0],
          [0, 0, 0],
        ],
        J2,
      ]).direction.every(Number.isFinite),
    ).toBe(true);
  });
});
