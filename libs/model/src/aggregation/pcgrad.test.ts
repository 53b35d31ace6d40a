import { describe, expect, it } from 'vitest';
import {
  casesOf,
  distance,
  faultsOf,
  gap,
  golden,
  homogeneityGap,
  ordered,
  runOnce,
  scalingGap,
  stationary,
} from './claims.ts';
import { randomStream } from '../random.ts';
import { pcgrad } from './pcgrad.ts';

describe('pcgrad', () => {
  it("equals TorchJD's published value on J2 (test_values.py, 1e-4) and its float64 run (1e-8)", () => {
    expect(distance(runOnce(pcgrad, golden.J2).direction, [0.5848, 3.8012, 3.8012])).toBeLessThan(1e-4);
    expect(distance(runOnce(pcgrad, golden.J2).weights!, [2.2222, 1.5789])).toBeLessThan(1e-4);
    expect(distance(runOnce(pcgrad, golden.J2).direction, [0.584795322, 3.801169591, 3.801169591])).toBeLessThan(1e-8);
  });

  it('projects in the order drawn for each task: both orders of J3 (by hand from the definition, 1e-12)', () => {
    const last = runOnce(pcgrad, golden.J3, { random: ordered([2, 1, 0]) });
    expect(distance(last.weights!, [1.5, 1.048, 1.4])).toBeLessThan(1e-12);
    expect(distance(last.direction, [0.104, 2.648, 3.848, 0.424])).toBeLessThan(1e-12);
    const first = runOnce(pcgrad, golden.J3, { random: ordered([0, 1, 2]) });
    expect(distance(first.weights!, [1.5, 1.08, 1.3936])).toBeLessThan(1e-12);
    expect(distance(first.direction, [0.0368, 2.6864, 3.8672, 0.4336])).toBeLessThan(1e-12);
  });

  it('draws one permutation a task over the usable rows, and nothing else', () => {
    const calls: number[] = [];
    const random = { ...ordered(), permutation: (n: number) => (calls.push(n), [...Array(n).keys()]) };
    const rows = [...golden.J3, new Float32Array(4), Float32Array.of(NaN, 0, 0, 0)];
    runOnce(pcgrad, rows, { random });
    expect(calls).toEqual([3, 3, 3]);
  });

  it('moves with the tasks when their order and the drawn orders do', () => {
    const plain = runOnce(pcgrad, golden.J3, { random: ordered([0, 1, 2]) });
    const rows = [2, 0, 1].map((k) => golden.J3[k]!);
    const moved = runOnce(pcgrad, rows, { random: ordered([1, 2, 0]) });
    expect(gap(moved.direction, plain.direction)).toBeLessThan(1e-14);
  });

  it('is the plain sum where no two gradients conflict', () => {
    const rows = golden.J3.map((row) => row.map(Math.abs));
    expect([...runOnce(pcgrad, rows).weights!]).toEqual([1, 1, 1]);
  });

  it("is linear in each gradient's scale", () => {
    for (const { family, count, rows } of casesOf(10, [2, 3, 5, 8, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      // float32 rows: scaling them rounds at 6e-8.
      expect(scalingGap(pcgrad, finite, randomStream(10, family, count)), `${family} K=${count}`).toBeLessThan(1e-5);
    }
  });

  it('grows in proportion when all rows do', () => {
    for (const { family, rows } of casesOf(11, [2, 5, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      expect(homogeneityGap(pcgrad, finite, 2 ** -20), family).toBeLessThan(1e-12);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(pcgrad, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(pcgrad, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
