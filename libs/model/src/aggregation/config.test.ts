import { describe, expect, it } from 'vitest';
import {
  casesOf,
  distance,
  faultsOf,
  golden,
  homogeneityGap,
  permutationGap,
  runOnce,
  scalingGap,
  stationary,
  worstCosine,
} from './claims.ts';
import { randomStream } from '../random.ts';
import { config } from './config.ts';

describe('config', () => {
  it("equals TorchJD's published value on J2 (test_values.py, 1e-4) and its float64 run (1e-8)", () => {
    expect(distance(runOnce(config, golden.J2).direction, [0.1588, 2.0706, 2.0706])).toBeLessThan(1e-4);
    expect(distance(runOnce(config, golden.J2).direction, [0.158808976, 2.070606758, 2.070606758])).toBeLessThan(1e-8);
    expect(
      distance(runOnce(config, golden.J3).direction, [0.391711663, 2.000125603, 2.901018576, 0.239906949]),
    ).toBeLessThan(1e-8);
    expect(
      distance(runOnce(config, golden.J4).direction, [1.5121628, 2.69775375, 0.14443363, 1.15917991, 0.63258199]),
    ).toBeLessThan(1e-8);
  });

  it('has the same cosine with every gradient where rows are independent, and never conflicts there', () => {
    for (const { family, count, rows } of casesOf(14, [2, 3, 8, 16])) {
      if (family !== 'random' && family !== 'mixed-scales') continue;
      const { direction } = runOnce(config, rows);
      const cosines = rows.map((row) => worstCosine([row], direction));
      expect(Math.max(...cosines) - Math.min(...cosines), `${family} ${count}`).toBeLessThan(1e-12);
      expect(Math.min(...cosines)).toBeGreaterThan(0);
    }
  });

  it('adds duplicates', () => {
    const twice = [Float32Array.of(1, 2), Float32Array.of(1, 2)];
    expect(distance(runOnce(config, twice).direction, [2, 4])).toBeLessThan(1e-12);
  });

  it("is linear in each gradient's scale", () => {
    for (const { family, count, rows } of casesOf(10, [2, 3, 5, 8, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      // float32 rows: scaling them rounds at 6e-8.
      expect(scalingGap(config, finite, randomStream(10, family, count)), `${family} K=${count}`).toBeLessThan(1e-5);
    }
  });

  it('does not depend on the order of tasks', () => {
    for (const { family, count, rows } of casesOf(8, [2, 3, 5, 8, 16, 32])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      const order = finite.map((_, k) => k).reverse();
      expect(permutationGap(config, finite, order), `${family} K=${count}`).toBeLessThan(1e-11);
    }
  });

  it('grows in proportion when all rows do', () => {
    for (const { family, rows } of casesOf(11, [2, 5, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      expect(homogeneityGap(config, finite, 2 ** -20), family).toBeLessThan(1e-12);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(config, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(config, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
