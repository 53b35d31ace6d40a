import { describe, expect, it } from 'vitest';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';
import { stch } from './stch.ts';

const two = [
  [2, 1],
  [2, 0.5],
].map((losses) => ({ rows: J2, losses }));
const three = [
  [2, 1, 0.5],
  [1, 2, 0.25],
].map((losses) => ({ rows: J3, losses }));

describe('stch', () => {
  it('weighs softly by loss over nadir (golden values: LibMTL 4336804, STCH, nadir (2, 1) and (2, 1, 0.5))', () => {
    const at = (mu: number, rounds: typeof two) => runRounds(stch, rounds, { parameters: { mu, warmup: 1 } })[1]!;
    const golden: [number, typeof two, number[]][] = [
      [1, two, [16 / 3, 2, 2]],
      [1, three, [-0.5, 0, 5, 2]],
      [0.1, two, [-3.97268293, 1.00292683, 1.00292683]],
      [0.1, three, [-2.99998569, 1.49999142, 1.50002003, 0.75000715]],
    ];
    for (const [mu, rounds, direction] of golden) {
      direction.forEach((value, i) => expect(Math.abs(at(mu, rounds).direction[i]! - value)).toBeLessThan(1e-6));
    }
  });

  it('is the gradient of the sum of log losses while it warms up, and takes the mean loss as nadir', () => {
    const losses = [
      [3, 1],
      [1, 1],
      [2, 0.5],
    ];
    const rounds = runRounds(
      stch,
      losses.map((pair) => ({ rows: J2, losses: pair })),
      { parameters: { warmup: 2 } },
    );
    expect([...rounds[0]!.weights!]).toEqual([1 / 3, 1]);
    expect([...rounds[1]!.weights!]).toEqual([1, 1]);
    // Nadir (2, 1): the golden case above.
    [16 / 3, 2, 2].forEach((value, i) => expect(rounds[2]!.direction[i]).toBeCloseTo(value, 10));
  });

  it('is the gradient of μ log Σ exp((L − ideal) / μ) in its linear form, from the first round on', () => {
    const parameters = { form: 'linear', mu: 0.5, ideal: { t1: -1 } };
    const losses = [2, 0.5];
    const { weights } = runRounds(stch, [{ rows: J2, losses }], { parameters })[0]!;
    const objective = (a: number, b: number) => 0.5 * Math.log(Math.exp(a / 0.5) + Math.exp((b + 1) / 0.5));
    const h = 1e-6;
    expect(weights![0]).toBeCloseTo((objective(2 + h, 0.5) - objective(2 - h, 0.5)) / (2 * h), 8);
    expect(weights![1]).toBeCloseTo((objective(2, 0.5 + h) - objective(2, 0.5 - h)) / (2 * h), 8);
  });

  it('approaches the worst task alone as μ falls', () => {
    const { weights } = runRounds(stch, two, { parameters: { mu: 1e-9, warmup: 1 } })[1]!;
    expect([...weights!]).toEqual([1, 0]);
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(stch, { parameters: { warmup: 1 } })).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(stch, { parameters: { warmup: 1 } })).toBeLessThan(1e-12);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(stch, { warmup: 1, mu: 1e-3 })).toEqual([]);
    expect(awkwardFaultsOf(stch, { form: 'linear', mu: 1e-3 })).toEqual([]);
  });
});
