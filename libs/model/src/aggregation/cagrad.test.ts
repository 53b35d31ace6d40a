import { describe, expect, it } from 'vitest';
import {
  casesOf,
  distance,
  faultsOf,
  gap,
  golden,
  homogeneityGap,
  normOf,
  permutationGap,
  runOnce,
  stationary,
  worstCosine,
} from './claims.ts';
import { mgda } from './mgda.ts';
import { cagrad } from './cagrad.ts';

describe('cagrad', () => {
  it("equals TorchJD's published value on J2 (c = 0.5, test_values.py, 1e-4)", () => {
    expect(
      distance(runOnce(cagrad, golden.J2, { parameters: { c: 0.5 } }).direction, [0.1835, 1.2041, 1.2041]),
    ).toBeLessThan(1e-4);
    expect(distance(runOnce(cagrad, golden.J2, { parameters: { c: 0.5 } }).weights!, [0.7041, 0.5])).toBeLessThan(1e-4);
  });

  it("equals exact solutions in float64 to the digits given (1e-6) and TorchJD's within its own accuracy (2e-4, 1e-5 on J2: the objective is flat)", () => {
    expect(distance(runOnce(cagrad, golden.J2).direction, [0.346802737, 1.16329932, 1.16329932])).toBeLessThan(1e-5);
    expect(
      distance(
        runOnce(cagrad, golden.J2, { parameters: { c: 0.5 } }).direction,
        [0.18350342, 1.204124148, 1.204124148],
      ),
    ).toBeLessThan(1e-5);
    expect(distance(runOnce(cagrad, golden.J3).direction, [0.1139, 0.9250076, 1.3027921, 0.1131942])).toBeLessThan(
      1e-6,
    );
    expect(
      distance(
        runOnce(cagrad, golden.J3, { parameters: { c: 0.5 } }).direction,
        [0.183656, 0.9733003, 1.3940117, 0.1118528],
      ),
    ).toBeLessThan(1e-6);
    expect(
      distance(runOnce(cagrad, golden.J4).direction, [0.55886352, 0.91783431, -0.07682264, 0.05352045, 0.18920658]),
    ).toBeLessThan(2e-4);
    expect(
      distance(
        runOnce(cagrad, golden.J4, { parameters: { c: 0.5 } }).direction,
        [0.60613668, 1.01371996, -0.01402503, 0.11940975, 0.21786361],
      ),
    ).toBeLessThan(2e-4);
  });

  it('stays in the ball of radius c‖g₀‖ around the mean, on its surface, and divides by 1 + c² or 1 + c', () => {
    for (const { rows } of casesOf(12, [2, 3, 8, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite) && row.some(Boolean));
      if (finite.length < 2) continue;
      const { direction, state } = runOnce(cagrad, finite, { parameters: { c: 0.7 } });
      if (state.stationary) continue;
      const mean = direction.map((_, i) => finite.reduce((sum, row) => sum + row[i]! / finite.length, 0));
      const apart = normOf(direction.map((value, i) => value - mean[i]!));
      expect(Math.abs(apart / normOf(mean) - 0.7)).toBeLessThan(1e-9);
      for (const [rescale, divisor] of [
        [1, 1.49],
        [2, 1.7],
      ] as const) {
        const shorter = runOnce(cagrad, finite, { parameters: { c: 0.7, rescale } }).direction;
        expect(
          gap(
            shorter,
            direction.map((value) => value / divisor),
          ),
        ).toBeLessThan(1e-14);
      }
    }
  });

  it('is the mean with c = 0 and points along mgda with a large c', () => {
    expect(distance(runOnce(cagrad, golden.J3, { parameters: { c: 0 } }).weights!, [1 / 3, 1 / 3, 1 / 3])).toBe(0);
    const far = runOnce(cagrad, golden.J3, { parameters: { c: 1e9 } }).direction;
    const shortest = runOnce(mgda, golden.J3).direction;
    const along = shortest.map((value) => (value * normOf(far)) / normOf(shortest));
    expect(gap(far, along)).toBeLessThan(1e-8);
  });

  it("never conflicts with any task's gradient", () => {
    for (const { family, count, rows } of casesOf(9, [1, 2, 3, 5, 8, 16, 32], 3)) {
      const { direction } = runOnce(cagrad, rows, { parameters: { c: 1 } });
      expect(worstCosine(rows, direction), `${family} K=${count}`).toBeGreaterThan(-1e-9);
    }
  });

  it('does not depend on the order of tasks', () => {
    for (const { family, count, rows } of casesOf(8, [2, 3, 5, 8, 16, 32])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      const order = finite.map((_, k) => k).reverse();
      expect(permutationGap(cagrad, finite, order), `${family} K=${count}`).toBeLessThan(1e-11);
    }
  });

  it('grows in proportion when all rows do', () => {
    for (const { family, rows } of casesOf(11, [2, 5, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      expect(homogeneityGap(cagrad, finite, 2 ** -20), family).toBeLessThan(1e-12);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(cagrad, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(cagrad, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
