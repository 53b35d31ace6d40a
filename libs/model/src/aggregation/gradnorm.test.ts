import { describe, expect, it } from 'vitest';
import { gap } from './claims.ts';
import { gradnorm } from './gradnorm.ts';
import { awkwardFaultsOf, J2, J3, orderGap, runRounds, stateFaultsOf } from './rounds.ts';

const parameters = { window: 1 };
const started = [
  [2, 1],
  [2, 0.5],
  [2, 0.5],
].map((losses) => ({ rows: J2, losses }));

describe('gradnorm', () => {
  it('takes one gradient step and brings the weights back to their sum (golden values: LibMTL 4336804, GradNorm, with raw weights instead of softmax)', () => {
    const rounds = runRounds(gradnorm, started, { parameters });
    expect([...rounds[1]!.weights!]).toEqual([1, 1]);
    expect(rounds[2]!.weights![0]).toBeCloseTo(1.1332901, 7);
    expect(rounds[2]!.weights![1]).toBeCloseTo(0.8667099, 7);
  });

  it('weighs every task by 1 until the first window is full', () => {
    const rounds = runRounds(gradnorm, [...started, ...started], { parameters: { window: 4 } });
    for (const { weights } of rounds.slice(0, 5)) expect([...weights!]).toEqual([1, 1]);
    expect(rounds[5]!.weights![0]).not.toBe(1);
  });

  it('brings the weighted norms to equal length where all tasks learn at the same rate', () => {
    const rows = [
      [3, 0],
      [0, 1],
    ];
    for (const optimizer of ['sgd', 'adam']) {
      const learned = { window: 1, optimizer, learningRate: 0.002 };
      const { weights } = runRounds(gradnorm, Array(1500).fill({ rows, losses: [1, 1] }), { parameters: learned }).at(
        -1,
      )!;
      expect(weights![0]).toBeCloseTo(0.5, 1);
      expect(weights![1]).toBeCloseTo(1.5, 1);
    }
  });

  it('moves by the learning rate whatever the norms, with adam', () => {
    const adam = { parameters: { ...parameters, optimizer: 'adam' } };
    const large = started.map(({ rows, losses }) => ({ losses, rows: rows.map((row) => row.map((x) => x * 2 ** 40)) }));
    const [small, scaled] = [started, large].map((rounds) => runRounds(gradnorm, rounds, adam)[2]!.weights!);
    expect(small![0]).toBeCloseTo(1.025, 8);
    expect(gap(small!, scaled!)).toBeLessThan(1e-8);
  });

  it('sums to the number of tasks that answered and keeps the proportion to absent ones', () => {
    const three = { rows: J3, tasks: ['a', 'b', 'c'], losses: [1, 1, 1] };
    const two = { rows: J2, tasks: ['a', 'b'], losses: [1, 2] };
    const rounds = runRounds(gradnorm, [three, two, two, three], { parameters });
    const sums = rounds.map(({ weights }) => weights!.reduce((sum, weight) => sum + weight, 0));
    [3, 2, 2, 3].forEach((sum, r) => expect(sums[r]).toBeCloseTo(sum, 12));
    expect(rounds[3]!.weights![2]).toBeCloseTo(1, 12);
  });

  it('keeps its state apart, and does the same from a restored one', () => {
    expect(stateFaultsOf(gradnorm, { parameters })).toEqual([]);
    expect(stateFaultsOf(gradnorm, { parameters: { ...parameters, optimizer: 'adam' } })).toEqual([]);
  });

  it('does not depend on the order of tasks', () => {
    expect(orderGap(gradnorm, { parameters })).toBeLessThan(1e-12);
  });

  it('gives finite values for any rows and losses', () => {
    expect(awkwardFaultsOf(gradnorm, parameters)).toEqual([]);
  });
});
