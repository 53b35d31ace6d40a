import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { start, tellAll, type Told } from './bad-input/told.ts';
import { dataOf, runData } from './cli/envelope.ts';

const LIMIT = 90_000;
let folder: string;
let told: Told[];
const file = (name: string) => join(folder, name);

/** Many customers; who is young and costly goes. */
const rows = Array.from({ length: 200 }, (_, i) => {
  const [age, cost] = [20 + ((i * 7) % 50), 5 + ((i * 13) % 90)];
  return `${i + 1000},${age},${i % 9 === 0 ? '?' : cost},${['city', 'village, north'][i % 2]},${cost - age > 10 ? 'gone' : 'here'}`;
}).map((line) => line.replace('village, north', '"village, north"'));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-new-'));
  mkdirSync(file('tables'));
  writeFileSync(file('tables/customers.csv'), ['customer id,age,cost,place,left', ...rows, ''].join('\n'));
  const from = ['--from', file('tables/customers.csv')];
  told = await tellAll([
    ['client', 'new', file('north.yaml'), ...from, '--input', '8', '--yes'],
    ['client', 'new', file('north.yaml'), ...from, '--yes'],
    [
      'client',
      'new',
      file('image.yaml'),
      ...from,
      '--target',
      'cost',
      '--task',
      'cost',
      '--input',
      '4,4,1',
      '--yes',
      '--format',
      'json',
    ],
    ['client', 'new', file('x.yaml'), ...from, '--target', 'costs', '--yes'],
    ['client', 'new', file('x.yaml'), ...from, '--task', 'Not an id', '--yes'],
    ['client', 'new', file('x.yaml'), '--from', file('nothing.csv'), '--yes'],
    ['client', 'new', file('x.yaml')],
    ['client', 'new', file('x.yaml'), ...from, '--input', 'wide', '--yes'],
  ]);
}, LIMIT);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('writes what the columns say, and says why', () => {
  expect(told[0]).toMatchObject({ code: 0, stderr: '' });
  expect(told[0]!.stdout).toContain('`customer id` is left out');
  expect(told[0]!.stdout).toContain('task left, 140 train, 30 validation, 30 test rows');
  const text = readFileSync(file('north.yaml'), 'utf8');
  expect(text).toContain('client: north\n');
  expect(text).toContain('file: tables/customers.csv\n');
  expect(text).toContain('missing: "?"');
  expect(text).toContain('head: { binary: {} }');
});

it('writes a file that trains as it stands', { timeout: LIMIT }, async () => {
  const run = `trunk: { input: [8], layers: [{ dense: { units: 4, activation: relu } }] }\nrounds: 200\nclients: [north.yaml]\n`;
  writeFileSync(file('run.yaml'), run);
  const { stdout, stderr } = await start([
    'simulate',
    file('run.yaml'),
    '--in-process',
    '--runs',
    file('runs'),
    '--format',
    'json',
  ]).told;
  const { tasks } = dataOf(runData, stdout || stderr);
  expect(tasks).toMatchObject([{ task: 'left', client: 'north', metric: 'auroc' }]);
  expect(tasks[0]!.together).toBeGreaterThan(0.7);
});

it('fits a trunk that takes images by a reshape', () => {
  expect(JSON.parse(told[2]!.stdout)).toMatchObject({ data: { task: 'cost', target: 'cost', head: 'regress' } });
  expect(readFileSync(file('image.yaml'), 'utf8')).toContain('- reshape: { targetShape: [4, 4, 1] }');
});

it.each([
  [1, 'FILE_EXISTS', 'a file that is there'],
  [3, 'no column costs', 'a column that is not there'],
  [4, 'must be lower-case letters', 'a task that is no id'],
  [5, 'nothing.csv', 'data that is not there'],
  [6, 'Nobody is there to answer', 'questions that nobody answers'],
  [7, '--input wide', 'a shape that is none'],
])('case %i says `%s` and writes nothing: %s', (i, says) => {
  expect(told[i]!.code).toBe(2);
  expect(told[i]!.stderr).toContain(says);
  expect(() => readFileSync(file('x.yaml'))).toThrow();
});
