import { describe, expect, it } from 'vitest';
import {
  casesOf,
  distance,
  faultsOf,
  golden,
  homogeneityGap,
  normOf,
  permutationGap,
  runOnce,
  stationary,
} from './claims.ts';
import { alignedMtl } from './aligned-mtl.ts';

describe('aligned-mtl', () => {
  it("equals TorchJD's published value on J2 (test_values.py, 1e-4) and its float64 run (1e-8)", () => {
    expect(distance(runOnce(alignedMtl, golden.J2).direction, [0.2133, 0.9673, 0.9673])).toBeLessThan(1e-4);
    expect(distance(runOnce(alignedMtl, golden.J2).weights!, [0.5591, 0.4083])).toBeLessThan(1e-4);
    expect(distance(runOnce(alignedMtl, golden.J2).direction, [0.213278746, 0.967332984, 0.967332984])).toBeLessThan(
      1e-8,
    );
    expect(
      distance(runOnce(alignedMtl, golden.J3).direction, [-0.004458516, 0.621307977, 0.900027275, 0.105634366]),
    ).toBeLessThan(1e-8);
    expect(
      distance(runOnce(alignedMtl, golden.J4).direction, [0.37878047, 0.55327172, -0.08036041, 0.07599025, 0.16454633]),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(alignedMtl, golden.J2, { parameters: { scale: 'rmse' } }).direction,
        [0.576375813, 2.614172041, 2.614172041],
      ),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(alignedMtl, golden.J3, { parameters: { scale: 'rmse' } }).direction,
        [-0.005817765, 0.810723416, 1.174414645, 0.137838652],
      ),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(alignedMtl, golden.J4, { parameters: { scale: 'rmse' } }).direction,
        [0.88550121, 1.29342144, -0.18786406, 0.17764764, 0.38467129],
      ),
    ).toBeLessThan(1e-8);
  });

  it('takes the lower median: scales order as min ≤ median ≤ rmse here, and with two rows median is min', () => {
    const at = (rows: Float32Array[], scale: string) =>
      normOf(runOnce(alignedMtl, rows, { parameters: { scale } }).direction);
    expect(at(golden.J2, 'median')).toBe(at(golden.J2, 'min'));
    expect(at(golden.J3, 'median')).toBeGreaterThan(at(golden.J3, 'min'));
    expect(at(golden.J3, 'median')).toBeLessThan(at(golden.J3, 'rmse'));
  });

  it('gives orthogonal gradients the length of the shortest one', () => {
    const rows = [Float32Array.of(3, 0, 0), Float32Array.of(0, 5, 0), Float32Array.of(0, 0, 0.5)];
    expect(distance(runOnce(alignedMtl, rows).direction, [0.5 / 3, 0.5 / 3, 0.5 / 3])).toBeLessThan(1e-14);
  });

  it('drops the null space of duplicates', () => {
    const twice = [Float32Array.of(1, 2), Float32Array.of(1, 2)];
    expect(distance(runOnce(alignedMtl, twice).direction, [1, 2])).toBeLessThan(1e-12);
  });

  it('does not depend on the order of tasks', () => {
    for (const { family, count, rows } of casesOf(8, [2, 3, 5, 8, 16, 32])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      const order = finite.map((_, k) => k).reverse();
      expect(permutationGap(alignedMtl, finite, order), `${family} K=${count}`).toBeLessThan(1e-11);
    }
  });

  it('grows in proportion when all rows do', () => {
    for (const { family, rows } of casesOf(11, [2, 5, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      expect(homogeneityGap(alignedMtl, finite, 2 ** -20), family).toBeLessThan(1e-12);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(alignedMtl, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(alignedMtl, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
