import { describe, expect, it } from 'vitest';
import { createBestEvaluation, type ValidationScore } from './best-evaluation.ts';

const scores = (accuracy: number | null, rmse?: number | null): ValidationScore[] => [
  { key: 'a', value: accuracy, better: 'higher' },
  ...(rmse === undefined ? [] : [{ key: 'b', value: rmse, better: 'lower' } as const]),
];

describe('the best evaluation', () => {
  it('has the highest mean gain relative to the first evaluation, whatever the units', () => {
    const best = createBestEvaluation();
    expect(best.version).toBeNull();
    best.hear(10, scores(0.5, 16));
    expect([best.version, best.since]).toEqual([10, 0]);
    best.hear(20, scores(0.625, 18)); // +25 % and −12.5 %
    expect(best.version).toBe(20);
    best.hear(30, scores(0.5, 14)); // 0 % and +12.5 %: the same mean, later
    expect([best.version, best.since]).toEqual([20, 1]);
    best.hear(40, scores(0.4375, 10)); // −12.5 % and +37.5 %
    expect([best.version, best.since]).toEqual([40, 0]);
  });

  it('leaves out a task that began undefined or at 0, and passes over an evaluation that lacks a score', () => {
    const best = createBestEvaluation();
    best.hear(1, [
      ...scores(0.5),
      { key: 'c', value: 0, better: 'higher' },
      { key: 'd', value: null, better: 'higher' },
    ]);
    best.hear(2, [...scores(0.4), { key: 'c', value: 1, better: 'higher' }, { key: 'd', value: 1, better: 'higher' }]);
    expect([best.version, best.since]).toEqual([1, 1]);
    best.hear(3, scores(null));
    best.hear(4, []);
    expect([best.version, best.since]).toEqual([1, 3]);
    best.hear(5, scores(0.6));
    expect(best.version).toBe(5);
  });

  it('forgets the evaluations before a newcomer’s first, which has no head of their time', () => {
    const best = createBestEvaluation();
    best.hear(1, scores(0.9));
    best.hear(2, scores(0.5, 16));
    expect([best.version, best.since]).toEqual([2, 0]);
    best.hear(3, scores(0.6)); // The newcomer missed one.
    best.hear(4, scores(0.55, 16));
    expect([best.version, best.since]).toEqual([4, 0]);
  });

  it('forgets all when a head of their time is lost', () => {
    const best = createBestEvaluation();
    for (const version of [1, 2, 3]) best.hear(version, scores(1 / version));
    best.forget();
    expect([best.version, best.heard]).toEqual([null, []]);
    best.hear(4, scores(0.2));
    expect([best.version, best.since]).toEqual([4, 0]);
  });

  it('forgets what a run that went back will show again', () => {
    const best = createBestEvaluation();
    for (const version of [1, 2, 3]) best.hear(version, scores(version / 10));
    best.hear(2, scores(0.2));
    expect([best.version, best.since]).toEqual([2, 0]);
  });
});
