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
  worstCosine,
} from './claims.ts';
import { mgda } from './mgda.ts';

describe('mgda', () => {
  it("equals TorchJD's published value on J2 (test_values.py, 1e-4) and an exact active-set QP in float64 (1e-8)", () => {
    expect(distance(runOnce(mgda, golden.J2).direction, [0, 1, 1])).toBeLessThan(1e-4);
    expect(distance(runOnce(mgda, golden.J2).weights!, [0.6, 0.4])).toBeLessThan(1e-8);
    expect(distance(runOnce(mgda, golden.J3).weights!, [0.40533213, 0.22684139, 0.36782648])).toBeLessThan(1e-8);
    expect(distance(runOnce(mgda, golden.J3).direction, [0.13556259, 0.66967917, 0.96249435, 0.07591505])).toBeLessThan(
      1e-8,
    );
    expect(distance(runOnce(mgda, golden.J4).weights!, [0.29944409, 0.40570879, 0.17233269, 0.12251443])).toBeLessThan(
      1e-8,
    );
    expect(
      distance(runOnce(mgda, golden.J4).direction, [0.40186017, 0.72065427, 0.01122514, 0.22674791, 0.1481719]),
    ).toBeLessThan(1e-8);
  });

  it('normalised, equals LibMTL (mgda_gn l2 and loss+, its own classes) within its solver’s accuracy, 1e-5, and is shorter', () => {
    const losses = [1, 2, 0.25];
    const divisors = {
      l2: golden.J3.map(normOf),
      'loss-l2': golden.J3.map((row, k) => normOf(row) * losses[k]!),
    };
    const published = { l2: [0.39806126, 0.23031328, 0.37162546], 'loss-l2': [0.25152077, 0.7191132, 0.02936603] };
    for (const normalise of ['l2', 'loss-l2'] as const) {
      const ours = runOnce(mgda, golden.J3, { parameters: { normalise }, losses }).weights!;
      expect(distance(ours, published[normalise])).toBeLessThan(1e-5);
      const lengthWith = (weights: ArrayLike<number>) => normOf(mixed(golden.J3, weights, divisors[normalise]));
      expect(lengthWith(ours)).toBeLessThan(lengthWith(published[normalise]) + 1e-9);
    }
    const divisor = [2, 0.5].map((loss, k) => loss * normOf(golden.J2[k]!));
    const ours = runOnce(mgda, golden.J2, { parameters: { normalise: 'loss-l2' }, losses: [2, 0.5] }).weights!;
    expect(distance(mixed(golden.J2, ours, divisor), [-0.02663089, 0.15585122, 0.15585122])).toBeLessThan(1e-8);
  });

  it('divides by losses with `loss`, and leaves a row whose loss cannot divide', () => {
    const weights = (losses: number[]) =>
      runOnce(mgda, golden.J3, { parameters: { normalise: 'loss' }, losses }).weights!;
    const scaled = golden.J3.map((row, k) => row.map((value) => value / [4, 2, 1][k]!));
    expect(distance(weights([4, 2, 1]), runOnce(mgda, scaled).weights!)).toBeLessThan(1e-12);
    expect(distance(weights([0, NaN, -1]), runOnce(mgda, golden.J3).weights!)).toBe(0);
  });

  it('is exact where Frank-Wolfe is off by nine per cent: norms from 1e-4 to 1e4', () => {
    const { weights } = runOnce(mgda, [Float32Array.of(1e4, 0), Float32Array.of(-1e-4, 2e-4)]);
    // argmin over α of (1e4 α − 1e-4 (1 − α))² + (2e-4 (1 − α))², by hand; entries rounded to float32.
    const [big, x, y] = [1e4, Math.fround(-1e-4), Math.fround(2e-4)];
    const alpha = (x * x + y * y - big * x) / ((big - x) ** 2 + y * y);
    expect(Math.abs(weights![0]! / alpha - 1)).toBeLessThan(1e-9);
  });

  it("never conflicts with any task's gradient", () => {
    for (const { family, count, rows } of casesOf(9, [1, 2, 3, 5, 8, 16, 32], 3)) {
      const { direction } = runOnce(mgda, rows);
      expect(worstCosine(rows, direction), `${family} K=${count}`).toBeGreaterThan(-1e-9);
    }
  });

  it('does not depend on the order of tasks', () => {
    for (const { family, count, rows } of casesOf(8, [2, 3, 5, 8, 16, 32])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      const order = finite.map((_, k) => k).reverse();
      expect(permutationGap(mgda, finite, order), `${family} K=${count}`).toBeLessThan(1e-11);
    }
  });

  it('grows in proportion when all rows do', () => {
    for (const { family, rows } of casesOf(11, [2, 5, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      expect(homogeneityGap(mgda, finite, 2 ** -20), family).toBeLessThan(1e-12);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(mgda, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(mgda, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});

/** Σ w_k g_k / c_k */
function mixed(rows: Float32Array[], weights: ArrayLike<number>, divisors: number[]): Float64Array {
  return Float64Array.from(rows[0]!, (_, i) =>
    rows.reduce((sum, row, k) => sum + (weights[k]! * row[i]!) / divisors[k]!, 0),
  );
}
