import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderedSum } from './ordered-sum.ts';

const vector = (length: number) =>
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: length, maxLength: length });
const clients = ['a', 'b', 'c', 'd', 'e'];

describe('the ordered sum', () => {
  it('gives the same bits for every order of arrival', () => {
    const rows = fc.array(fc.option(vector(7)), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(rows, fc.shuffledSubarray(clients, { minLength: 5 }), (values, order) => {
        const add = (arrival: readonly string[]) => {
          const sum = orderedSum(7, clients);
          for (const client of arrival) {
            const row = values[clients.indexOf(client)];
            sum.put(client, row ? Float32Array.from(row) : null);
          }
          return sum.finish();
        };
        expect(add(order)).toEqual(add(clients));
      }),
      { seed: 1 },
    );
  });

  it('frees each client as soon as all before it are in', () => {
    const sum = orderedSum(1, ['a', 'b', 'c']);
    sum.put('b', new Float32Array([1]));
    expect(sum.added).toBe(0);
    sum.put('a', null);
    expect(sum.added).toBe(2);
  });

  it('leaves out clients that did not answer, and is null when nobody contributed', () => {
    const sum = orderedSum(2, ['a', 'b', 'c']);
    sum.put('c', new Float32Array([1, 2]));
    expect(sum.finish()).toEqual(new Float64Array([1, 2]));
    expect(orderedSum(2, ['a']).finish()).toBeNull();
  });
});
