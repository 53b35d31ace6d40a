import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conforms } from './conformance.ts';
import { leftOut } from './csv-table.ts';
import { openSource } from './open.ts';
import { dataSchema } from './schema.ts';
import { SPLITS, type Source } from './source.ts';

const students = join(import.meta.dirname, 'fixtures', 'students.csv');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (path: readonly (string | number)[]) => `client.yaml:${path.join('.')}`;
const open = (data: unknown, where = folder) => openSource(dataSchema.parse(data), { folder: where, at });
/** Writes `train.csv` and `test.csv`, opens them with validation taken from training. */
function tables(train: string, test: string, more: object = {}, beside: object = {}): Promise<Source> {
  writeFileSync(join(folder, 'train.csv'), train);
  writeFileSync(join(folder, 'test.csv'), test);
  return open({
    csv: { file: { train: 'train.csv', validation: 'train.csv', test: 'test.csv' }, targets: ['y'], ...more },
    ...beside,
  });
}
const rowsOf = async (source: Source, split: 'train' | 'test') => {
  const { inputs } = await source.read(
    split,
    Array.from({ length: source.sizes[split] }, (_, row) => row),
  );
  const width = source.inputShape[0]!;
  return Array.from({ length: source.sizes[split] }, (_, row) =>
    Array.from(inputs.slice(row * width, (row + 1) * width)),
  );
};

describe('csv', () => {
  const grades = { file: students, delimiter: ';', targets: ['G3', 'school'], drop: ['G1', 'G2'] };
  conforms(() => open({ csv: grades, split: { stratify: 'school', seed: 3 } }), {
    // 13 columns of numbers and 16 of texts with 41 values, counted with awk.
    inputShape: [54],
    sizes: { train: 70, validation: 15, test: 15 },
    targets: { G3: { kind: 'number', shape: [] }, school: { kind: 'text', shape: [] } },
  });

  it('standardises numbers by the training rows alone and fills gaps with their mean', async () => {
    const source = await tables('x,y\n1,0\n2,0\n3,1\n,1\n', 'x,y\n5,0\n?,1\n', { missing: '?' });
    const deviation = Math.sqrt(2 / 3);
    expect(await rowsOf(source, 'train')).toEqual([-1, 0, 1, 0].map((value) => [Math.fround(value / deviation)]));
    expect(await rowsOf(source, 'test')).toEqual([[Math.fround(3 / deviation)], [0]]);
  });

  it('turns a column that is constant or wholly missing in training into 0', async () => {
    const source = await tables('a,b,x,y\n0.1,,1,0\n0.1,?,2,0\n0.1,NaN,4,0\n', 'a,b,x,y\n9,9,1,0\n', { missing: '?' });
    const rows = [...(await rowsOf(source, 'train')), ...(await rowsOf(source, 'test'))];
    expect(rows.map(([a, b]) => [a, b])).toEqual(rows.map(() => [0, 0]));
  });

  it('gives each category of the training rows its input, in name order, and none to one never seen', async () => {
    const source = await tables('c,y\nred,0\nblue,0\n,1\nRed,1\n', 'c,y\ngreen,0\nred,1\n');
    expect(await rowsOf(source, 'train')).toEqual([
      [0, 0, 1],
      [0, 1, 0],
      [0, 0, 0],
      [1, 0, 0],
    ]);
    expect(await rowsOf(source, 'test')).toEqual([
      [0, 0, 0],
      [0, 0, 1],
    ]);
    expect(source.notes).toContain(
      'test.csv: `c` has a value that no training row has, read as none, in test rows: 1 (green)',
    );
  });

  it('treats a column of numbers as categories where it is listed', async () => {
    const source = await tables('c,y\n10,0\n2,0\n', 'c,y\n2,0\n', { categorical: ['c'] });
    expect(await rowsOf(source, 'train')).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('takes nothing from validation and test rows into its statistics', async () => {
    const [few, many] = ['x,y\n1,0\n3,0\n', 'x,y\n1,0\n3,0\n1000,0\n'];
    const one = await rowsOf(await tables(few, few), 'train');
    const other = await rowsOf(await tables(few, many), 'train');
    expect(other).toEqual(one);
  });

  it('never has a target among its inputs, and makes one target of several columns', async () => {
    const text = 'x,cx,cy,y\n1,0.5,0.25,a\n2,,1,\n';
    const source = await tables(text, text, { targets: { box: ['cx', 'cy'], y: 'y' } });
    expect(source.inputShape).toEqual([1]);
    expect(source.targets).toEqual({ box: { kind: 'number', shape: [2] }, y: { kind: 'text', shape: [] } });
    expect(await source.column('train', 'box')).toMatchObject({ values: Float32Array.of(0.5, 0.25, NaN, 1) });
    expect(await source.column('train', 'y')).toEqual({ kind: 'text', values: ['a', ''] });
  });

  it('keeps a number as it stands: −1 may be a value', async () => {
    const source = await tables('x,y\n1,-1\n2,2.5\n', 'x,y\n1,\n');
    expect(await source.column('train', 'y')).toMatchObject({ kind: 'number', values: Float32Array.of(-1, 2.5) });
    expect(await source.column('test', 'y')).toMatchObject({ values: Float32Array.of(NaN) });
  });

  it('reads files without a header, with spaces, quotes, a byte order mark and CRLF', async () => {
    const source = await tables('\ufeff1, "a, b"\r\n2, c\r\n', '1,c\r\n', { columns: ['x', 'y'] });
    expect(await source.column('train', 'y')).toEqual({ kind: 'text', values: ['a, b', 'c'] });
  });

  it('keeps rows of one group in one split, by a column that is no input', async () => {
    const source = await open({ csv: { ...grades, targets: ['G3', 'age'], drop: ['G1'] }, split: { by: 'age' } });
    const columns = await Promise.all(SPLITS.map((split) => source.column(split, 'age')));
    const ages = columns.map(({ values }) => [...new Set(values as Float32Array)]).flat();
    expect(new Set(ages).size).toBe(ages.length);
  });

  it.each([
    [
      'a missing file',
      () => open({ csv: { file: 'absent.csv', targets: ['y'] } }),
      'DATA_FILE_MISSING',
      /client.yaml:csv.file: .*absent.csv/,
    ],
    ['an empty file', () => tables('', 'x,y\n'), 'DATA_FILE_BROKEN', /train.csv.*empty/],
    [
      'a wrong target',
      () => tables('x,z\n1,2\n', 'x,z\n1,2\n'),
      'DATA_COLUMN_MISSING',
      /client.yaml:csv.targets: train.csv has no column `y`/,
    ],
    [
      'a wrong column to drop',
      () => tables('x,y\n1,2\n', 'x,y\n1,2\n', { drop: ['w'] }),
      'DATA_COLUMN_MISSING',
      /client.yaml:csv.drop.0.*`w`/,
    ],
    [
      'a column that the test file lacks',
      () => tables('x,y\n1,2\n', 'w,y\n1,2\n'),
      'DATA_COLUMN_MISSING',
      /test.csv has no column `x`/,
    ],
    [
      'a ragged row',
      () => tables('x,y\n1,2\n1,2,3\n', 'x,y\n1,2\n'),
      'DATA_ROW_BROKEN',
      /train.csv line 3: it has 3 cells; 2 columns/,
    ],
    [
      'a quote that does not close',
      () => tables('x,y\n1,2\n"1,2\n', 'x,y\n1,2\n'),
      'DATA_ROW_BROKEN',
      /train.csv line [34]/,
    ],
    [
      'a text where training has numbers',
      () => tables('x,y\n1,2\n2,2\n', 'x,y\n1,2\nb,2\n'),
      'DATA_ROW_BROKEN',
      /test.csv line 3: `x` holds "b"/,
    ],
    [
      'an infinite input',
      () => tables('x,y\n1,2\n-inf,2\n', 'x,y\n1,2\n'),
      'DATA_NOT_FINITE',
      /train.csv: `x` row 1 \(line 3\) holds -inf/,
    ],
    [
      'an infinite target',
      () => tables('x,y\n1,2\n1,1e999\n', 'x,y\n1,2\n'),
      'DATA_NOT_FINITE',
      /`y` row 1 \(line 3\) holds 1e999/,
    ],
    [
      'a column named twice',
      () => tables('x,x,y\n1,2,3\n', 'x,y\n'),
      'DATA_FILE_BROKEN',
      /two of its columns are named `x`/,
    ],
    ['a table without inputs', () => tables('y\n1\n', 'y\n1\n'), 'CONFIG_INVALID', /no column is left/],
    [
      'a test file without rows',
      () => tables('x,y\n1,2\n', 'x,y\n'),
      'DATA_SPLIT_EMPTY',
      /the test split of train.csv is empty/,
    ],
  ])('refuses %s', async (_, opened, code, sentence) => {
    await expect(opened()).rejects.toMatchObject({ code, exit: 2, message: expect.stringMatching(sentence) as string });
  });

  it('refuses a column of names as categories, unless it is listed', async () => {
    const text = `x,name,y\n${Array.from({ length: 300 }, (_, i) => `${i},n${i},0`).join('\n')}\n`;
    await expect(tables(text, text)).rejects.toMatchObject({
      message: expect.stringMatching(/`name`.*300 different/) as string,
    });
    expect((await tables(text, text, { categorical: ['name'] })).inputShape).toEqual([301]);
  });

  it('leaves broken rows out where asked, counts them and says on which lines', async () => {
    const source = await tables('x,y\n1,2\n1,2,3\n2,2\n"a"b,1\n\n3,3\n', 'x,y\n1,2\nb,2\ninf,1\n', {
      onBadRow: 'skip',
    });
    expect(source.sizes).toEqual({ train: 3, validation: 3, test: 1 });
    expect(source.notes).toContain('train.csv: unusable rows left out: 2 (line 3, 5)');
    expect(source.notes).toContain('test.csv: unusable rows left out: 2 (line 3, 4)');
  });

  it('leaves rows out whose targets cannot be read, where asked, and names them where not', async () => {
    const [train, test] = ['x,y,z\n1,2,1\n1,2,left\n2,2,2\n3,inf,1\n4,1,2\n', 'x,y,z\n1,2,1\n'];
    const targets = { point: ['y', 'z'] };
    await expect(tables(train, test, { targets })).rejects.toThrow(/train\.csv line 3: `z` holds "left"/);
    const source = await tables(train, test, { targets, onBadRow: 'skip' });
    expect(source.sizes).toEqual({ train: 3, validation: 3, test: 1 });
    expect(source.notes).toContain('train.csv: unusable rows left out: 2 (line 3, 5)');
    const { values } = (await source.column('train', 'point')) as { values: Float32Array };
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('says where a text stands among the numbers of a target, which makes it a target of texts', async () => {
    const rows = (odd: string) =>
      `x,y\n${Array.from({ length: 20 }, (_, i) => `${i},${i === 4 ? odd : i}`).join('\n')}\n`;
    const source = await tables(rows('l2'), rows('4'));
    expect(source.targets['y']).toEqual({ kind: 'text', shape: [] });
    expect(source.notes).toContain(
      'train.csv: `y` holds "l2" in line 6; the other 19 are numbers: the target is read as texts; correct them if numbers are meant',
    );
    expect((await tables(rows('4'), rows('4'))).notes?.join()).not.toContain('correct');
  });

  it('counts rows, not lines, where a table has none', () =>
    expect(leftOut({ file: 'a.parquet', unit: 'row' }, [3])).toEqual(['a.parquet: unusable rows left out: 1 (row 3)']));

  it('names the line of a row', async () => {
    const source = await open({ csv: grades });
    const row = (await source.column('test', 'G3')).values[0];
    const line = Number(/line (\d+)/.exec(source.place!('test', 0))![1]);
    expect(Number(readFileSync(students, 'utf8').split('\n')[line - 1]!.split(';').at(-1))).toBe(row);
  });

  it('reads the whole census, with its gaps and its note of foreign rows', async (context) => {
    const data = process.env.TRUNKLINE_DATA;
    context.skip(!data, 'TRUNKLINE_DATA is not set');
    const columns =
      'age workclass fnlwgt education education-num marital-status occupation relationship race sex gain loss hours country income'.split(
        ' ',
      );
    const csv = {
      file: { train: 'adult.data', test: 'adult.test' },
      columns,
      missing: '?',
      targets: ['income'],
      onBadRow: 'skip',
    };
    const source = await open({ csv }, join(data!, 'tabular', 'adult'));
    expect(source.sizes.train + source.sizes.validation).toBe(32561);
    expect(source.sizes.test).toBe(16281);
    const income = await Promise.all((['train', 'validation'] as const).map((split) => source.column(split, 'income')));
    const rich = income.map(({ values }) => (values as string[]).filter((value) => value === '>50K').length);
    expect(rich[0]! + rich[1]!).toBe(7841);
  });
});
