import { describe, expect, it } from 'vitest';
import {
  casesOf,
  distance,
  faultsOf,
  gap,
  golden,
  normOf,
  permutationGap,
  runOnce,
  stationary,
  worstCosine,
} from './claims.ts';
import { nashMtl } from './nash-mtl.ts';

describe('nash-mtl', () => {
  it("equals TorchJD's published value on J2 (test_values.py, 1e-4) and a float64 Newton solve (1e-8)", () => {
    expect(distance(runOnce(nashMtl, golden.J2).direction, [0.0542, 0.7061, 0.7061])).toBeLessThan(1e-4);
    expect(distance(runOnce(nashMtl, golden.J2).direction, [0.05415327, 0.7060692, 0.7060692])).toBeLessThan(1e-7);
    expect(
      distance(runOnce(nashMtl, golden.J3).direction, [-0.00203596, 0.57337936, 0.81423692, 0.09083057]),
    ).toBeLessThan(1e-8);
    expect(
      distance(runOnce(nashMtl, golden.J4).direction, [0.51795225, 0.82289296, -0.10142877, 0.08889479, 0.19074215]),
    ).toBeLessThan(1e-8);
    expect(
      distance(runOnce(nashMtl, golden.J2, { parameters: { maxNorm: 0 } }).weights!, [0.59146115, 0.40707148]),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(nashMtl, golden.J3, { parameters: { maxNorm: 0 } }).weights!,
        [0.54782669, 0.40174578, 0.50427697],
      ),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(nashMtl, golden.J4, { parameters: { maxNorm: 0 } }).weights!,
        [0.57199546, 0.77528927, 0.4700999, 0.43215289],
      ),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(nashMtl, golden.J4, { parameters: { maxNorm: 0 } }).direction,
        [1.03590451, 1.64578591, -0.20285755, 0.17778958, 0.38148431],
      ),
    ).toBeLessThan(1e-8);
  });

  it('has ‖v‖² = K before it is shortened, and the length asked for after', () => {
    for (const { family, count, rows } of casesOf(15, [2, 3, 8, 16])) {
      if (family !== 'random' && family !== 'mixed-scales' && family !== 'tiny' && family !== 'huge') continue;
      const free = normOf(runOnce(nashMtl, rows, { parameters: { maxNorm: 0 } }).direction);
      expect(Math.abs(free ** 2 / count - 1), `${family} ${count}`).toBeLessThan(1e-9);
      expect(normOf(runOnce(nashMtl, rows).direction)).toBeCloseTo(1, 9);
      expect(normOf(runOnce(nashMtl, rows, { parameters: { maxNorm: 100 } }).direction)).toBeCloseTo(free, 9);
    }
  });

  it('ignores the scale of every loss: the direction stays when rows are scaled one by one', () => {
    for (const { rows, family, count } of casesOf(16, [2, 3, 8, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite) && row.some(Boolean));
      if (finite.length < 2) continue;
      const scaled = finite.map((row, k) => row.map((value) => value * 4 ** (k % 7)));
      expect(
        gap(runOnce(nashMtl, scaled).direction, runOnce(nashMtl, finite).direction),
        `${family} ${count}`,
      ).toBeLessThan(1e-9);
    }
  });

  it("never conflicts with any task's gradient", () => {
    for (const { family, count, rows } of casesOf(9, [1, 2, 3, 5, 8, 16, 32], 3)) {
      const { direction } = runOnce(nashMtl, rows);
      expect(worstCosine(rows, direction), `${family} K=${count}`).toBeGreaterThan(-1e-9);
    }
  });

  it('does not depend on the order of tasks', () => {
    for (const { family, count, rows } of casesOf(8, [2, 3, 5, 8, 16, 32])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      const order = finite.map((_, k) => k).reverse();
      expect(permutationGap(nashMtl, finite, order), `${family} K=${count}`).toBeLessThan(1e-11);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(nashMtl, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(nashMtl, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
