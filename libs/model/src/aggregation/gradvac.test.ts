import { describe, expect, it } from 'vitest';
import { casesOf, distance, faultsOf, gap, golden, homogeneityGap, ordered, runOnce, stationary } from './claims.ts';
import { pcgrad } from './pcgrad.ts';
import { gradvac } from './gradvac.ts';

describe('gradvac', () => {
  it("equals two steps of LibMTL's own class, beta 0.5 (J3 in the order python's seed 0 drew; 1e-8)", () => {
    const expected = {
      J2: [
        [0.58479533, 3.80116959, 3.80116959],
        [1.00654044, 3.26440308, 3.26440308],
      ],
      J3: [
        [0.0368, 2.6864, 3.8672, 0.4336],
        [-0.20952442, 2.35541183, 3.46614108, 0.46890457],
      ],
    };
    for (const [name, [first, second]] of Object.entries(expected)) {
      const rows = golden[name as 'J2' | 'J3'];
      const one = runOnce(gradvac, rows, { random: ordered() });
      expect(distance(one.direction, first!)).toBeLessThan(1e-8);
      const two = runOnce(gradvac, rows, { random: ordered(), state: one.state });
      expect(distance(two.direction, second!)).toBeLessThan(1e-8);
    }
  });

  it('is pcgrad on its first round', () => {
    const random = () => ordered([2, 1, 0], [1, 0, 2], [0, 2, 1]);
    const ours = runOnce(gradvac, golden.J3, { random: random() }).direction;
    expect(gap(ours, runOnce(pcgrad, golden.J3, { random: random() }).direction)).toBeLessThan(1e-14);
  });

  it('keeps its averages by task: those of a task that is away stay, and order does not matter', () => {
    const tasks = ['a', 'b', 'c'];
    const first = runOnce(gradvac, golden.J3, { tasks, random: ordered() });
    const some = runOnce(gradvac, [golden.J3[2]!, golden.J3[0]!], {
      tasks: ['c', 'a'],
      random: ordered(),
      state: first.state,
    });
    const [before, after] = [first.state, some.state].map(
      (state) => state.targets as Record<string, Record<string, number>>,
    );
    expect(after!.b).toEqual(before!.b);
    expect(after!.a!.b).toBe(before!.a!.b);
    expect(after!.a!.c).not.toBe(before!.a!.c);
    expect(JSON.parse(JSON.stringify(some.state))).toEqual(some.state);
  });

  it('stays finite while targets grow to 1: 200 rounds of near duplicates, then opposed rows', () => {
    const near = [Float32Array.of(1, 2), Float32Array.of(1, 2), Float32Array.of(1, 2.0000002)];
    let state = runOnce(gradvac, near, { random: ordered() }).state;
    for (let round = 0; round < 200; round++) {
      const turned = runOnce(gradvac, near, { random: ordered(), state });
      expect(turned.direction.every(Number.isFinite)).toBe(true);
      state = turned.state;
    }
    const apart = [Float32Array.of(1, 2), Float32Array.of(-1, 1), Float32Array.of(0.5, -0.9)];
    expect(runOnce(gradvac, apart, { random: ordered(), state }).direction.every(Number.isFinite)).toBe(true);
  });

  it('does not change the state it was given', () => {
    const { state } = runOnce(gradvac, golden.J2, { random: ordered() });
    const copy = structuredClone(state);
    runOnce(gradvac, golden.J2, { random: ordered(), state });
    expect(state).toEqual(copy);
  });

  it('grows in proportion when all rows do', () => {
    for (const { family, rows } of casesOf(11, [2, 5, 16])) {
      const finite = rows.filter((row) => row.every(Number.isFinite));
      expect(homogeneityGap(gradvac, finite, 2 ** -20), family).toBeLessThan(1e-12);
    }
  });

  it('gives the zero direction, and says so, where nothing descends for all tasks', () => {
    for (const [name, rows] of Object.entries(stationary)) {
      const { direction, state } = runOnce(gradvac, rows);
      expect([...direction], name).toEqual([0, 0]);
      expect(state.stationary, name).toBe(true);
    }
  });

  it('is finite, repeatable and honest about stationarity on every family of rows, K from 0 to 32', () => {
    for (const { family, count, rows } of casesOf(7, [0, 1, 2, 3, 5, 8, 16, 32])) {
      expect(faultsOf(gradvac, rows), `${family} K=${count}`).toEqual([]);
    }
  });
});
