import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { newCommand } from './new.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-prompts-'));
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('asks for data, column, task and name, proposes the last three, and takes an empty answer for what it proposed', async () => {
  const csv = join(folder, 'customers.csv');
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${20 + ((i * 7) % 50)},${(i * 13) % 90},${i % 3 === 0 ? 'yes' : 'no'}`,
  );
  writeFileSync(csv, ['age,cost,Has Left', ...rows, ''].join('\n'));
  const answers = [csv, '', 'churn', ''];
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough();
  const asked: string[] = [];
  output.on('data', (piece: Buffer) => {
    asked.push(piece.toString());
    input.write(`${answers[asked.length - 1]}\n`);
  });
  let code: number | undefined;
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const file = join(folder, 'north-clinic.yaml');
  await newCommand((exit) => void (code = exit), { input, output }).parseAsync([file], { from: 'user' });
  expect(code).toBe(0);
  expect(asked).toEqual([
    'Which csv file holds your data? ',
    'Which column is to be predicted? [Has Left] ',
    'What is the task called in the run? [has-left] ',
    'What is this client called? [north-clinic] ',
  ]);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('client: north-clinic\n');
  expect(text).toContain('id: churn #');
});
