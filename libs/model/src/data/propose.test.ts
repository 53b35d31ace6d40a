import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { proposeTable } from './propose.ts';

/** A table of 30 rows: a header, and what `row` gives for each. */
const table = (header: string, row: (i: number) => string) =>
  new TextEncoder().encode([header, ...Array.from({ length: 30 }, (_, i) => row(i)), ''].join('\n'));
const propose = (header: string, row: (i: number) => string, target?: string) =>
  proposeTable(table(header, row), { file: 'a.csv', target });

describe('a proposal', () => {
  it('takes the last column as target, and what is another in every row as none of the inputs', () => {
    const found = propose('customer_id,age,name,churned', (i) => `${i},${20 + (i % 7)},n${i},${i % 2}`);
    expect(found).toMatchObject({ target: 'churned', head: 'binary', drop: ['customer_id', 'name'], rows: 30 });
    expect(found).toMatchObject({ delimiter: undefined, missing: undefined });
  });

  it.each([
    ['binary', (i: number) => (i % 2 ? 'yes' : 'no')],
    ['binary', (i: number) => String(i % 2)],
    ['classify', (i: number) => ['red', 'green', 'blue'][i % 3]!],
    ['classify', (i: number) => String(1 + (i % 5))],
    ['classify', (i: number) => String(1 + (i % 2))],
    ['regress', (i: number) => String(i * 1.5)],
    ['regress', (i: number) => String(i * i)],
  ] as const)('has the head %s for a target of such values', (head, value) => {
    expect(propose('x,y', (i) => `${i % 4},${value(i)}`)).toMatchObject({ target: 'y', head });
  });

  it('knows semicolons and tabs, and the text that stands for a gap among numbers', () => {
    expect(propose('x;y', (i) => `${i % 3 ? i : '?'};${i % 2}`)).toMatchObject({ delimiter: ';', missing: '?' });
    expect(propose('x\ty', (i) => `${i % 3 ? i : 'NA'}\t${i % 2}`)).toMatchObject({ delimiter: '\t', missing: 'NA' });
    // Among texts it may be one of them.
    expect(propose('x,y', (i) => `${i % 3 ? 'a' : '?'},${i % 2}`).missing).toBeUndefined();
  });

  it('says where a text stands among a target’s numbers', () => {
    const { head, reasons } = propose('x,y', (i) => `${i % 4},${i === 7 ? 'l' : 1 + (i % 5)}`);
    expect(head).toBe('classify');
    expect(reasons.join('\n')).toContain('a.csv: `y` holds "l" in line 9; the other 29 are numbers: correct');
    const { drop, reasons: why } = propose('x,y', (i) => `${i === 7 ? 'abc' : i * 1.5},${i % 2}`);
    expect(drop).toEqual(['x']);
    expect(why.join('\n')).toContain('`x` is left out: a.csv: `x` holds "abc" in line 9; the other 29 are numbers');
    expect(propose('x,y', (i) => `${i % 4},${i % 2 ? 'a' : 1}`).reasons.join('\n')).not.toContain('correct');
  });

  it('reads the students’ grades as who collected them describes them', () => {
    const file = join(import.meta.dirname, 'fixtures', 'students.csv');
    expect(proposeTable(readFileSync(file), { file })).toMatchObject({ delimiter: ';', target: 'G3', drop: [] });
    expect(proposeTable(readFileSync(file), { file, target: 'school' })).toMatchObject({ head: 'binary' });
  });

  it.each([
    [
      'a column that is not there, with the nearest one',
      () => propose('age,y', (i) => `${i},${i % 2}`, 'agee'),
      /no column agee/,
    ],
    ['a target of one value', () => propose('x,y', (i) => `${i},1`), /one value only/],
    ['a target of names', () => propose('x,y', (i) => `${i},n${i}`, 'y'), /30 different texts/],
    [
      'one stray text among numbers, with its line',
      () => propose('x,y', (i) => `${i},${i === 7 ? 'abc' : i * 1.5}`),
      /a\.csv: `y` holds "abc" in line 9; the other 29 are numbers/,
    ],
    ['a table of few rows', () => proposeTable(new TextEncoder().encode('x,y\n1,2\n'), { file: 'a.csv' }), /1 rows/],
  ])('refuses %s', (_, act, message) => expect(act).toThrow(message));
});
