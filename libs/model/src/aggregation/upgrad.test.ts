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
import { upgrad } from './upgrad.ts';

describe('upgrad', () => {
  it("with TorchJD's regularisation, equals its published value on J2 (test_values.py, 1e-4) and its float64 run (1e-8)", () => {
    expect(
      distance(
        runOnce(upgrad, golden.J2, { parameters: { regularisation: 1e-4 } }).direction,
        [0.2929, 1.9004, 1.9004],
      ),
    ).toBeLessThan(1e-4);
    expect(
      distance(runOnce(upgrad, golden.J2, { parameters: { regularisation: 1e-4 } }).weights!, [1.1109, 0.7894]),
    ).toBeLessThan(1e-4);
    expect(
      distance(
        runOnce(upgrad, golden.J2, { parameters: { regularisation: 1e-4 } }).direction,
        [0.292902, 1.900352078, 1.900352078],
      ),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(upgrad, golden.J2, { parameters: { regularisation: 1e-4 } }).weights!,
        [1.110921047, 0.789431031],
      ),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(upgrad, golden.J3, { parameters: { regularisation: 1e-4 } }).direction,
        [0.033748883, 0.883992516, 1.280113703, 0.140108224],
      ),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(upgrad, golden.J3, { parameters: { regularisation: 1e-4 } }).weights!,
        [0.499948627, 0.349434742, 0.46533948],
      ),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(upgrad, golden.J4, { parameters: { regularisation: 1e-4 } }).direction,
        [0.86353399, 1.29199195, -0.27428008, 0.07370278, 0.3280308],
      ),
    ).toBeLessThan(1e-8);
  });

  it("without it, equals TorchJD's formula with an exact QP in float64 (1e-8)", () => {
    expect(distance(runOnce(upgrad, golden.J2).direction, [0.292397661, 1.900584795, 1.900584795])).toBeLessThan(1e-8);
    expect(
      distance(runOnce(upgrad, golden.J3).direction, [0.033816425, 0.884057971, 1.280193237, 0.140096618]),
    ).toBeLessThan(1e-8);
    expect(
      distance(runOnce(upgrad, golden.J4).direction, [0.86363613, 1.29237364, -0.27429139, 0.07374782, 0.32796474]),
    ).toBeLessThan(1e-8);
  });

  it('keeps what regularisation gives away: with norms 100 apart, no conflict without it', () => {
    const rows = [Float32Array.of(100, 0), Float32Array.of(-0.5, 0.2)];
    expect(worstCosine(rows, runOnce(upgrad, rows).direction)).toBeGreaterThan(-1e-12);
    expect(worstCosine(rows, runOnce(upgrad, rows, { parameters: { regularisation: 1e-4 } }).direction)).toBeLessThan(
      -0.1,
    );
  });

  it('is the mean where no two gradients conflict', () => {
    const rows = golden.J3.map((row) => row.map(Math.abs));
    expect(distance(runOnce(upgrad, rows).weights!, [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(1e-15);
  });

  it("never conflicts with any task's gradient", () => {
    for (const { family, count, rows } of casesOf(9, [1, 2, 3, 5, 8, 16, 32], 3)) {
      const { direction } = runOnce(upgrad, rows);
      expect(worstCosine(rows, direction), `${family} K=${count}`).toBeGreaterThan(-1e-9);
    }
  });

  it("is linear in each gradient's scale", () => {
    for (const { family, count, rows } of casesOf(10, [2, 3, 5, 8, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      // float32 rows: scaling them rounds at 6e-8.
      expect(scalingGap(upgrad, finite, randomStream(10, family, count)), `${family} K=${count}`).toBeLessThan(1e-5);
    }
  });

  it('does not depend on the order of tasks', () => {
    for (const { family, count, rows } of casesOf(8, [2, 3, 5, 8, 16, 32])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      const order = finite.map((_, k) => k).reverse();
      expect(permutationGap(upgrad, finite, order), `${family} K=${count}`).toBeLessThan(1e-11);
    }
  });

  it('grows in proportion when all rows do', () => {
    for (const { family, rows } of casesOf(11, [2, 5, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      expect(homogeneityGap(upgrad, finite, 2 ** -20), family).toBeLessThan(1e-12);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(upgrad, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(upgrad, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
