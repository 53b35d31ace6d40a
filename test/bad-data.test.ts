import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { loadTasks, readClient } from '@trunkline/client';
import { TrunklineError } from '@trunkline/protocol';
import { ROOT, runChild } from './simulate/child.ts';

const fixtures = join(ROOT, 'libs', 'model', 'src', 'data', 'fixtures');
const folder = mkdtempSync(join(tmpdir(), 'trunkline-bad-'));
const place = (name: string) => join(folder, name);
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(fixtures, folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const client = (data: object, task: object): string => {
  const file = place('client.yaml');
  writeFileSync(file, JSON.stringify({ client: 'one', data, tasks: [{ id: 'task', ...task }] }, null, 2));
  return file;
};

/** What a client does with its data before it connects, and the notes that it would print. */
async function check(data: object, task: object): Promise<readonly string[]> {
  const plans = await loadTasks(readClient(client(data, task)));
  return plans.flatMap(({ source }) => source.notes ?? []);
}
async function refusal(data: object, task: object): Promise<TrunklineError> {
  const thrown: unknown = await check(data, task).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(TrunklineError);
  return thrown as TrunklineError;
}

const table = (lines: readonly string[]) => writeFileSync(place('table.csv'), `a,b,y\n${lines.join('\n')}\n`);
const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 7},${i % 2 ? 'yes' : 'no'}`);
const csv = (more: object = {}) => ({
  csv: { file: 'table.csv', targets: ['y'], ...more },
  split: { train: 0.5, validation: 0.25, test: 0.25 },
});
const classify = { head: 'classify' };
const images = (more: object = {}) => ({
  images: { folder: 'greek', channels: 1, ...more },
  split: { stratify: true },
});
const bySplit = (name: string) => ({
  train: `cells-train${name}`,
  validation: `cells-val${name}`,
  test: `cells-test${name}`,
});
const cells = { cifar: { files: bySplit('.bin'), targets: { box: { file: bySplit('-boxes.f32'), size: 4 } } } };
const drawing = 'greek/character01/0394_03.png';

describe('bad input is refused before anything is connected, with a sentence, a remedy and exit code 2:', () => {
  const cases: [string, () => void, object, object, string, RegExp][] = [
    [
      'an unreadable image',
      () => writeFileSync(place(drawing), 'hello'),
      images(),
      classify,
      'DATA_IMAGE_BROKEN',
      /0394_03\.png.*neither PNG nor JPEG/,
    ],
    [
      'an image of no height',
      () => {
        const bytes = readFileSync(place(drawing));
        bytes.writeUInt32BE(0, 20);
        writeFileSync(place(drawing), bytes);
      },
      images(),
      classify,
      'DATA_IMAGE_BROKEN',
      /0394_03\.png.*105 x 0/,
    ],
    [
      'a ragged row',
      () => table([...rows.slice(0, 9), '1,2', ...rows.slice(9)]),
      csv(),
      classify,
      'DATA_ROW_BROKEN',
      /table\.csv line 11/,
    ],
    [
      'a column that is not there',
      () => table(rows),
      csv({ targets: ['label'] }),
      classify,
      'DATA_COLUMN_MISSING',
      /no column `label`/,
    ],
    [
      'a class that training never shows, where classes come from the data',
      () => table([...rows, '1,1,perhaps']),
      { ...csv(), split: { train: 0.5, validation: 0.25, test: 0.25, seed: 3 } },
      classify,
      'DATA_LABEL_RANGE',
      /perhaps.*no, yes/,
    ],
    [
      'a split that leaves a class out of training, where classes are listed',
      () => table([...rows, '1,1,perhaps']),
      { ...csv(), split: { train: 0.5, validation: 0.25, test: 0.25, seed: 3 } },
      { head: { classify: { classes: ['no', 'yes', 'perhaps'] } } },
      'DATA_CLASS_UNSEEN',
      /1 rows of class perhaps/,
    ],
    [
      'a truncated binary file',
      () => writeFileSync(place('cells-train.bin'), readFileSync(place('cells-train.bin')).subarray(0, 5000)),
      cells,
      { target: 'label', ...classify },
      'DATA_FILE_BROKEN',
      /cells-train\.bin.*5000 bytes/,
    ],
    [
      'a box outside its image',
      () => {
        const bytes = readFileSync(place('cells-val-boxes.f32'));
        bytes.writeFloatLE(0.95, 16);
        bytes.writeFloatLE(0.4, 24);
        writeFileSync(place('cells-val-boxes.f32'), bytes);
      },
      cells,
      { target: 'box', head: { regress: { box: true } } },
      'DATA_BOX_OUTSIDE',
      /`box` row 1 .*\[0\.95, .*0\.4, .*\] is not inside/,
    ],
    [
      'a box of three outputs',
      () => undefined,
      cells,
      { target: 'box', head: { regress: { box: true, outputs: 3 } } },
      'CONFIG_INVALID',
      /4 outputs, not 3/,
    ],
  ];
  it.each(cases)('%s', async (...row) => {
    const [, spoil, data, task, code, sentence] = row;
    spoil();
    const { code: found, message, hint, exit } = await refusal(data, task);
    expect({ found, exit }).toEqual({ found: code, exit: 2 });
    expect(message).toMatch(sentence);
    expect(hint.length).toBeGreaterThan(10);
  });

  it('a process ends with that code, the sentence and the remedy', async () => {
    table([...rows.slice(0, 9), '1,2', ...rows.slice(9)]);
    const lines: Record<string, unknown>[] = [];
    const child = runChild({
      entry: 'apps/client/dist/main.js',
      args: ['join', 'http://127.0.0.1:9', client(csv(), classify), '--yes', '--format', 'jsonl'],
      log: place('log'),
      heard: (line) => void lines.push(line),
    });
    expect(await child.exited).toMatchObject({ code: 2 });
    expect(lines.at(-1)).toMatchObject({ event: 'error', code: 'DATA_ROW_BROKEN' });
    expect(child.lastWords()).toMatch(/line 11[^]*onBadRow: skip/);
  });
});

it('the same inputs without their faults are accepted', async () => {
  table(rows);
  await check(images(), classify);
  await check(csv(), classify);
  await check(cells, { target: 'label', ...classify });
  expect(await check(cells, { target: 'box', head: { regress: { box: true } } })).toEqual([]);
});

describe('onBadRow: skip', () => {
  it('leaves bad rows out, counts them and says where', async () => {
    table([...rows.slice(0, 9), '1,2', ...rows.slice(9), '5']);
    const notes = await check(csv({ onBadRow: 'skip' }), classify);
    expect(notes.join()).toContain('table.csv: unusable rows left out: 2 (line 11, 43)');
  });

  it('leaves bad images out, and counts them', async () => {
    writeFileSync(place(drawing), 'hello');
    const notes = await check(images({ onBadRow: 'skip' }), classify);
    expect(notes.join()).toContain('unusable images left out: 1');
  });
});
