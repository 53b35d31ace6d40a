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
import { imtlG } from './imtl-g.ts';

describe('imtl-g', () => {
  it("equals TorchJD's published value on J2 (test_values.py, 1e-4) and its float64 run (1e-8)", () => {
    expect(distance(runOnce(imtlG, golden.J2).direction, [0.0767, 1, 1])).toBeLessThan(1e-4);
    expect(distance(runOnce(imtlG, golden.J2).weights!, [0.5923, 0.4077])).toBeLessThan(1e-4);
    expect(distance(runOnce(imtlG, golden.J2).direction, [0.076696831, 1, 1])).toBeLessThan(1e-8);
    expect(
      distance(runOnce(imtlG, golden.J3).direction, [0.130385623, 0.665764252, 0.965636587, 0.07985572]),
    ).toBeLessThan(1e-8);
    expect(
      distance(runOnce(imtlG, golden.J4).direction, [0.39197995, 0.69930657, 0.03743981, 0.3004804, 0.16397669]),
    ).toBeLessThan(1e-8);
  });

  it('has equal projections on all gradients and weights that sum to 1, for norms from 1e-4 to 1e4 too', () => {
    for (const { family, count, rows } of casesOf(13, [2, 3, 8, 16])) {
      if (family !== 'random' && family !== 'mixed-scales') continue;
      const { weights, direction } = runOnce(imtlG, rows);
      const projections = rows.map(
        (row) => row.reduce((sum, value, i) => sum + value * direction[i]!, 0) / normOf(row),
      );
      const largest = Math.max(...rows.map((row, k) => Math.abs(weights![k]!) * normOf(row)));
      expect(Math.max(...projections) - Math.min(...projections), `${family} ${count}`).toBeLessThan(1e-12 * largest);
      expect(weights!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    }
  });

  it('returns duplicates as they are', () => {
    const twice = [Float32Array.of(1, 2), Float32Array.of(1, 2)];
    expect(distance(runOnce(imtlG, twice).direction, [1, 2])).toBeLessThan(1e-14);
  });

  it('is stationary where no direction but zero projects equally', () => {
    const rows = [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(1, 1)];
    const { direction, state } = runOnce(imtlG, rows);
    expect([[...direction], state.stationary]).toEqual([[0, 0], true]);
  });

  it('does not depend on the order of tasks', () => {
    for (const { family, count, rows } of casesOf(8, [2, 3, 5, 8, 16, 32])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      const order = finite.map((_, k) => k).reverse();
      expect(permutationGap(imtlG, finite, order), `${family} K=${count}`).toBeLessThan(1e-11);
    }
  });

  it('grows in proportion when all rows do', () => {
    for (const { family, rows } of casesOf(11, [2, 5, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      expect(homogeneityGap(imtlG, finite, 2 ** -20), family).toBeLessThan(1e-12);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(imtlG, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(imtlG, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
