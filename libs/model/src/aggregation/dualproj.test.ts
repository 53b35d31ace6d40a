import { describe, expect, it } from 'vitest';
import {
  casesOf,
  distance,
  faultsOf,
  golden,
  homogeneityGap,
  permutationGap,
  runOnce,
  stationary,
  worstCosine,
} from './claims.ts';
import { dualproj } from './dualproj.ts';

describe('dualproj', () => {
  it("with TorchJD's regularisation, equals its published value on J2 (test_values.py, 1e-4) and its float64 run (1e-8)", () => {
    expect(
      distance(
        runOnce(dualproj, golden.J2, { parameters: { regularisation: 1e-4 } }).direction,
        [0.5563, 1.1109, 1.1109],
      ),
    ).toBeLessThan(1e-4);
    expect(
      distance(runOnce(dualproj, golden.J2, { parameters: { regularisation: 1e-4 } }).weights!, [0.6109, 0.5]),
    ).toBeLessThan(1e-4);
    expect(
      distance(
        runOnce(dualproj, golden.J2, { parameters: { regularisation: 1e-4 } }).direction,
        [0.556315813, 1.110921047, 1.110921047],
      ),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(dualproj, golden.J4, { parameters: { regularisation: 1e-4 } }).direction,
        [0.58762285, 0.69975429, -0.21262285, 0, 0.30024571],
      ),
    ).toBeLessThan(1e-8);
  });

  it('is the mean where the mean conflicts with no task (J3)', () => {
    expect(distance(runOnce(dualproj, golden.J3).weights!, [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(1e-15);
  });

  it('moves the mean no further than needed: the tasks that gained weight gain nothing (J4, by hand from the KKT conditions)', () => {
    const { weights, direction } = runOnce(dualproj, golden.J4);
    expect(distance(weights!, [0.25, 0.2875, 0.25, 0.25])).toBeLessThan(1e-14);
    expect(Math.abs(worstCosine([golden.J4[1]!], direction))).toBeLessThan(1e-15);
  });

  it("never conflicts with any task's gradient", () => {
    for (const { family, count, rows } of casesOf(9, [1, 2, 3, 5, 8, 16, 32], 3)) {
      const { direction } = runOnce(dualproj, rows);
      expect(worstCosine(rows, direction), `${family} K=${count}`).toBeGreaterThan(-1e-9);
    }
  });

  it('does not depend on the order of tasks', () => {
    for (const { family, count, rows } of casesOf(8, [2, 3, 5, 8, 16, 32])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      const order = finite.map((_, k) => k).reverse();
      expect(permutationGap(dualproj, finite, order), `${family} K=${count}`).toBeLessThan(1e-11);
    }
  });

  it('grows in proportion when all rows do', () => {
    for (const { family, rows } of casesOf(11, [2, 5, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      expect(homogeneityGap(dualproj, finite, 2 ** -20), family).toBeLessThan(1e-12);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(dualproj, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(dualproj, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
