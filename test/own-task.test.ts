import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { start, type Command, type Running, type Told } from './bad-input/told.ts';

const LIMIT = 120_000;
const ROOT = join(import.meta.dirname, '..');
const page = readFileSync(join(ROOT, 'docs/guide/bring-your-own-task.md'), 'utf8');
/** The commands of the page, as a reader copies them. */
const lines = [...page.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => block!.trim().split('\n'));

let folder: string;
const running: Running[] = [];
const stateHome = process.env['XDG_STATE_HOME'];

/** A clone's folder with a table of one's own in it. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-own-'));
  symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'));
  // The reader's own folder for states is not this test's.
  process.env['XDG_STATE_HOME'] = join(folder, 'home');
  const rows = Array.from({ length: 300 }, (_, i) => {
    const [months, calls] = [(i * 17) % 60, (i * 29) % 11];
    return `C${i},${months},${calls},${['dsl', 'cable', 'fibre'][i % 3]},${calls * 5 > months ? 'yes' : 'no'}`;
  });
  writeFileSync(join(folder, 'my.csv'), ['customer,months,calls,line,churned', ...rows, ''].join('\n'));
});
afterAll(() => {
  for (const { child } of running) child.kill('SIGKILL');
  if (stateHome === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = stateHome;
  rmSync(folder, { recursive: true, force: true });
});

/** Types a line of the page; only the port is another, for this one may be taken. */
function type(line: string, url = ''): Running {
  const [npm, run, program, dashes, ...words] = line
    .replace('--port 4100', '--port 0')
    .replace('http://127.0.0.1:4100', url)
    .split(' ')
    .map((word) => word.replace(/^'(.*)'$/, '$1'));
  expect([npm, run, dashes]).toEqual(['npm', 'run', '--']);
  const one = start([program as Command[0], ...words], { cwd: folder });
  running.push(one);
  return one;
}
const done = async (one: Running): Promise<Told> => {
  const told = await one.told;
  expect([told.code, told.code === 0 ? '' : told.stderr]).toEqual([0, '']);
  return told;
};

it('from a table of one’s own to a joined, training client in at most ten commands', { timeout: LIMIT }, async () => {
  expect(lines.length).toBeLessThanOrEqual(10);
  const [setup, write, begin, check, bank, mine, predict, take, ...more] = lines as [string, ...string[]];
  // Set-up is what `npm test` itself begins with.
  expect([setup, more]).toEqual(['node setup.mjs', []]);

  await done(type(write!));
  const coordinator = type(begin!);
  const [url] = await coordinator.until(/https?:\/\/127\.0\.0\.1:\d+/);
  const checked = await done(type(check!, url));
  expect(checked.stdout).toContain('my-client.yaml fits run income');

  const joined = await Promise.all([type(bank!, url), type(mine!, url), coordinator].map(done));
  expect(joined[2]!.stderr + joined[2]!.stdout).toMatch(/Finished after 60 rounds/);

  const predicted = await done(type(predict!));
  const score = Number(/task churn: 45 test rows, auroc ([\d.]+)/.exec(predicted.stderr)![1]);
  // It has learned something: chance is 0.5.
  expect(score).toBeGreaterThan(0.6);
  expect(readFileSync(join(folder, 'my-predictions.csv'), 'utf8').split('\n')).toHaveLength(45 + 2);
  const { stdout } = await done(type(take!));
  expect(stdout).toMatch(/task churn after 60 rounds of run income, \d+ values: my-churn\.keras/);
});
