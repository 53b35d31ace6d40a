import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driftOf, nextControl, startWalk } from './local-walk.ts';

const sgd = (learningRate: number) => ({ optimizer: { sgd: { learningRate, weightDecay: 0 } }, proximal: 0 });
const values = (length: number, seed: number) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 12.9898));
const floats = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), {
  minLength: 1,
  maxLength: 20,
});

describe('local steps of one task', () => {
  it('give the gradient itself after one step of sgd(1), however small it is beside θ', () => {
    fc.assert(
      fc.property(floats, fc.integer({ min: -40, max: 10 }), (given, exponent) => {
        const gradient = Float32Array.from(given, (value) => value * 2 ** exponent);
        const walk = startWalk(values(gradient.length, 1), sgd(1));
        walk.move(gradient, 0);
        // +0 for −0: the same number, and the same after any sum.
        expect([...walk.row()].map((value) => value + 0)).toEqual([...gradient].map((value) => value + 0));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('give what a difference of weights loses', () => {
    const theta = Float32Array.of(1);
    const walk = startWalk(theta, sgd(1));
    walk.move(Float32Array.of(1e-9), 0);
    expect(theta[0]! - walk.theta[0]!).toBe(0);
    expect(walk.row()[0]).toBe(Math.fround(1e-9));
  });

  it('add up their updates as applied, rounded at each step', () => {
    const walk = startWalk(Float32Array.of(0.5), sgd(0.1));
    let row = 0;
    for (const [number, gradient] of [0.3, -0.7, 0.11].entries()) {
      walk.move(Float32Array.of(gradient), number);
      row = Math.fround(row + Math.fround(0.1 * Math.fround(gradient)));
    }
    expect(walk.row()[0]).toBe(row);
  });

  it('leave θ alone', () => {
    const theta = values(5, 2);
    startWalk(theta, sgd(1)).move(values(5, 3), 0);
    expect(theta).toEqual(values(5, 2));
  });

  it('are the same bit for bit under FedProx with μ = 0 and under a control variate of zero', () => {
    const plain = startWalk(values(50, 4), sgd(0.1));
    const corrected = startWalk(values(50, 4), sgd(0.1), new Float32Array(50));
    for (let number = 0; number < 20; number++) {
      plain.move(values(50, number), number);
      corrected.move(values(50, number), number);
    }
    expect(corrected.row()).toEqual(plain.row());
    expect(corrected.theta).toEqual(plain.theta);
  });

  it('are pulled back to θ under FedProx by μ(θ_local − θ)', () => {
    const walk = startWalk(Float32Array.of(0), { ...sgd(0.5), proximal: 0.5 });
    walk.move(Float32Array.of(-2), 0); // to 1
    walk.move(Float32Array.of(0), 1); // 0.5 · 0.5 · (1 − 0) back
    expect(walk.theta[0]).toBe(0.75);
    expect(walk.row()[0]).toBe(-0.75);
  });

  it('begin each round with fresh moments, and follow their schedule by the step of the run', () => {
    const optimizer = {
      adam: {
        learningRate: 0.1,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        schedule: { step: { every: 10, factor: 0.5, warmup: 0 } },
      },
    };
    const first = startWalk(Float32Array.of(0), { optimizer, proximal: 0 });
    first.move(Float32Array.of(3), 0);
    const later = startWalk(Float32Array.of(0), { optimizer, proximal: 0 });
    later.move(Float32Array.of(3), 10);
    // The first step of Adam is its rate times the gradient's sign (Kingma & Ba 2015, §2.1).
    expect(first.row()[0]).toBeCloseTo(0.1, 6);
    expect(later.row()[0]).toBeCloseTo(0.05, 6);
  });
});

describe('a control variate', () => {
  it('is the mean of the gradients that it has seen: option II', () => {
    const own = values(8, 5);
    const control = values(8, 6);
    const walk = startWalk(values(8, 7), sgd(0.25), driftOf(control, own, 8));
    for (let number = 0; number < 4; number++) walk.move(values(8, 10 + number), number);
    const next = nextControl({ control, own }, walk.row(), 4 * 0.25);
    const mean = Array.from(
      { length: 8 },
      (_, i) => [0, 1, 2, 3].reduce((sum, n) => sum + values(8, 10 + n)[i]!, 0) / 4,
    );
    for (const [i, value] of next.entries()) expect(value).toBeCloseTo(mean[i]!, 5);
  });
});
