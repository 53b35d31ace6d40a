import { describe, expect, it } from 'vitest';
import {
  casesOf,
  distance,
  faultsOf,
  gap,
  golden,
  permutationGap,
  runOnce,
  stationary,
  worstCosine,
} from './claims.ts';
import { nashMtl } from './nash-mtl.ts';
import { fairgrad } from './fairgrad.ts';

describe('fairgrad', () => {
  it("with α = 2, equals LibMTL's own class in float64 (1e-8)", () => {
    expect(
      distance(runOnce(fairgrad, golden.J2, { parameters: { alpha: 2 } }).weights!, [0.47136292, 0.31945423]),
    ).toBeLessThan(1e-8);
    expect(
      distance(
        runOnce(fairgrad, golden.J3, { parameters: { alpha: 2 } }).weights!,
        [0.44373496, 0.29678518, 0.40512738],
      ),
    ).toBeLessThan(1e-8);
  });

  it('with α = 1, is the Nash bargaining point', () => {
    for (const rows of Object.values(golden)) {
      const nash = runOnce(nashMtl, rows, { parameters: { maxNorm: 0 } }).weights!;
      expect(distance(runOnce(fairgrad, rows).weights!, nash)).toBeLessThan(1e-14);
    }
  });

  it('evens the gains out as α grows', () => {
    const unevenness = [0.5, 1, 2, 10, 20].map((alpha) => {
      const { direction } = runOnce(fairgrad, golden.J3, { parameters: { alpha } });
      const gains = golden.J3.map((row) => row.reduce((sum, value, i) => sum + value * direction[i]!, 0));
      return Math.max(...gains) / Math.min(...gains);
    });
    expect(unevenness).toEqual(unevenness.toSorted((a, b) => b - a));
    expect(unevenness.at(-1)!).toBeLessThan(1.1);
  });

  it('has the degree (1 − α) / (1 + α) in the scale of all rows', () => {
    for (const alpha of [0.5, 2]) {
      const run = { parameters: { alpha } };
      const base = runOnce(fairgrad, golden.J4, run).direction;
      const scaled = golden.J4.map((row) => row.map((value) => value * 2 ** -20));
      const expected = base.map((value) => value * (2 ** -20) ** ((1 - alpha) / (1 + alpha)));
      const found = runOnce(fairgrad, scaled, run).direction;
      expect(gap(found, expected)).toBeLessThan(1e-12);
    }
  });

  it('conflicts with no task at both ends of the range of α, for norms from 1e-4 to 1e4 too, and refuses what lies beyond', () => {
    for (const alpha of [0.05, 20]) {
      for (const { family, count, rows } of casesOf(17, [2, 3, 8, 16])) {
        if (family !== 'random' && family !== 'mixed-scales') continue;
        const { direction } = runOnce(fairgrad, rows, { parameters: { alpha } });
        expect(worstCosine(rows, direction), `${family} ${count} ${alpha}`).toBeGreaterThan(-1e-12);
      }
    }
    for (const alpha of [0, -1, 0.01, 50]) expect(() => fairgrad.create({ alpha })).toThrow('alpha');
  });

  it("never conflicts with any task's gradient", () => {
    for (const { family, count, rows } of casesOf(9, [1, 2, 3, 5, 8, 16, 32], 3)) {
      const { direction } = runOnce(fairgrad, rows);
      expect(worstCosine(rows, direction), `${family} K=${count}`).toBeGreaterThan(-1e-9);
    }
  });

  it('does not depend on the order of tasks', () => {
    for (const { family, count, rows } of casesOf(8, [2, 3, 5, 8, 16, 32])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      const order = finite.map((_, k) => k).reverse();
      expect(permutationGap(fairgrad, finite, order), `${family} K=${count}`).toBeLessThan(1e-11);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(fairgrad, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(fairgrad, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
