import { describe, expect, it } from 'vitest';
import { mergeAnswers, type HeldAnswers } from './merge-answers.ts';
import type { Row } from './trunk-step.ts';

const row = (id: string, ...values: number[]): Row => ({ id, lambda: 2, loss: 1, values: Float32Array.from(values) });
const rows = (client: string, call: number, scale: number, ...given: Row[]): HeldAnswers => ({
  client,
  call,
  scale,
  answers: { exchange: 'rows', rows: given },
});
const sum = (client: string, call: number, scale: number, ...values: number[]): HeldAnswers => ({
  client,
  call,
  scale,
  answers: { exchange: 'sum', sum: Float64Array.from(values), tasks: 2 },
});

describe('answers since the last close, merged', () => {
  it('are the rows themselves when each client answered once from the newest trunk', () => {
    const a = row('x', 0.1, -3e-9);
    const b = row('y', 7, 2);
    expect(mergeAnswers([rows('b', 4, 1, b), rows('a', 0, 1, a)], 2)).toEqual({ exchange: 'rows', rows: [a, b] });
  });

  it('scale every row by the age of its trunk', () => {
    expect(mergeAnswers([rows('a', 0, 0.5, row('x', 4, 8))], 2)).toEqual({ exchange: 'rows', rows: [row('x', 2, 4)] });
  });

  it('give a client that answered twice one row, the mean', () => {
    const merged = mergeAnswers([rows('a', 0, 1, row('x', 2, 0)), rows('a', 1, 0.5, row('x', 4, 8))], 2);
    expect(merged).toEqual({ exchange: 'rows', rows: [row('x', 2, 2)] });
  });

  it('merge rows of further batches as rows, over the answers that have them', () => {
    const extra = (...both: (number | undefined)[]) =>
      both.map((value) => (value === undefined ? undefined : Float32Array.of(value)));
    const first = { ...row('x', 2), extra: extra(4, 6) };
    const second = { ...row('x', 4), extra: extra(8, undefined) };
    const merged = mergeAnswers([rows('a', 0, 1, first), rows('a', 1, 0.5, second)], 1);
    expect(merged).toEqual({ exchange: 'rows', rows: [{ ...row('x', 2), extra: extra(4, 6) }] });
    const none = { ...row('x', 2), extra: extra(undefined, 3) };
    expect(mergeAnswers([rows('a', 0, 1, none)], 1)).toEqual({ exchange: 'rows', rows: [none] });
  });

  it('are ordered by task, then by client, where replicas serve one', () => {
    const merged = mergeAnswers([rows('b', 0, 1, row('t@b', 1)), rows('a', 0, 1, row('t@a', 1), row('t-x', 1))], 1);
    expect(merged.exchange === 'rows' && merged.rows.map(({ id }) => id)).toEqual(['t@a', 't@b', 't-x']);
  });

  it('add sums, each client’s mean once, and name its tasks once', () => {
    const merged = mergeAnswers([sum('a', 0, 1, 2), sum('a', 1, 1, 4), sum('b', 0, 0.5, 10)], 1);
    expect(merged).toEqual({ exchange: 'sum', sum: Float64Array.of(8), tasks: 4 });
  });

  it('are no row at all when all were dropped', () => {
    expect(mergeAnswers([], 3)).toEqual({ exchange: 'sum', sum: null, tasks: 0 });
  });
});
