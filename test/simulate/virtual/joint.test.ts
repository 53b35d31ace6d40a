import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openBackend } from '@trunkline/model/backend';
import { writeSmallRun } from '../../bad-input/small-run.ts';
import { readJob } from '../job.ts';
import { simulate } from '../simulate.ts';
import { trainWithVirtual } from './joint.ts';
import { virtualRules } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-virtual-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = writeSmallRun(folder);
const overrides = ['rounds=6', 'mode={"sync": {"onMissing": "proceed", "deadlineMs": 2000}}'];
const rules = virtualRules({ virtual: '40', sample: '0.2', skew: '0.5', lost: '0.1', slow: '0.1' }, {})!;

it('trains 40 copies of two clients by parts of their data, ends in one trunk for one seed, and leaves no tensor behind', async () => {
  const run = () => simulate({ file, overrides, virtual: rules, runs: join(folder, 'runs') });
  const first = await run();
  // Opened once a process: the same backend that the run used.
  const { tf } = await openBackend({ device: 'auto', threads: 1, convolutional: false });
  const before = tf.memory().numTensors;
  const again = await run();
  expect(tf.memory().numTensors).toBe(before);
  if ('runs' in first || 'runs' in again) throw new Error('one run was asked for');
  expect(again.trunk).toEqual(first.trunk);
  expect(again.tasks).toEqual(first.tasks);
  expect(again.virtual).toEqual(first.virtual);
  expect(first.tasks.map(({ task, client }) => [task, client])).toEqual([
    ['cats', 'north'],
    ['dogs', 'south'],
  ]);
  for (const { together } of first.tasks) expect(together).toBeGreaterThan(0);
  expect(first.virtual).toMatchObject({ clients: 40, asked: 48 });
  expect(first.virtual?.answered).toBeLessThan(48);
  expect(first.virtual?.stepped).toBeLessThanOrEqual(first.virtual?.answered ?? 0);

  const other = await trainWithVirtual(readJob(file, [...overrides, 'seed=2']), rules);
  expect(other.trunk.sha256).not.toBe(first.trunk.sha256);
});

it.each([
  [{ sample: '0.5' }, {}, '--sample belongs to --virtual'],
  [{ virtual: '10' }, { alone: true }, 'does not go with --alone'],
  [{ virtual: '0' }, {}, 'a whole number'],
  [{ virtual: '10', sample: '0' }, {}, 'a share above 0'],
  [{ virtual: '10', lost: '1.5' }, {}, 'a share from 0 to 1'],
  [{ virtual: '10', skew: '' }, {}, 'a number above 0'],
])('refuses %j beside %j', (texts, others, said) => {
  expect(() => virtualRules(texts, others)).toThrow(said);
});

it.each([
  ['mode={"buffered": {"size": 2}}', 'mode buffered'],
  ['select=best', 'select: best'],
  ['strategy=famo', 'famo'],
])('refuses a run with %s, which needs to know its clients from round to round', async (override, said) => {
  await expect(trainWithVirtual(readJob(file, [override]), rules)).rejects.toThrow(said);
});

it('refuses fewer virtual clients than the run has', async () => {
  await expect(trainWithVirtual(readJob(file, overrides), { ...rules, clients: 1 })).rejects.toThrow('2 clients');
});
