import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSmallRun } from '../bad-input/small-run.ts';
import { killRun, quantile } from '../faults/kill-run.ts';
import { trainInProcess } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';
import type { Sweep, SweepStep } from './sweep.ts';

/** Together 1,000 kills of coordinators and 500 of clients. */
const STEPS = 50;
const EACH = { coordinator: 20, clients: 10 };
const ROUNDS = 300;

const MODES: Readonly<Record<string, readonly string[]>> = {
  sync: [],
  'sync, rows': ['exchange=rows', 'strategy=cagrad'],
  'sync, select best': ['select=best'],
  'local steps': ['mode={ local: { steps: 3 } }'],
};

export const kills: Sweep = {
  name: 'kills',
  summary:
    '1,000 coordinators and 500 clients killed at random: the bytes of an undisturbed run, and at work again within 2 s',
  steps: () => Array.from({ length: STEPS }, (_, seed) => step(seed, Object.keys(MODES)[seed % 4]!)),
};

const step = (seed: number, mode: string): SweepStep => ({
  name: `${mode}, seed ${seed}: ${EACH.coordinator} coordinators, ${EACH.clients} clients`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-kills-'));
    const settings = [`rounds=${ROUNDS}`, 'checkpointEvery=5', `evaluateEvery=${ROUNDS / 6}`, 'probeEvery=4'];
    try {
      const job = readJob(writeSmallRun(join(folder, 'small')), [...settings, ...MODES[mode]!]);
      const undisturbed = await trainInProcess(job);
      const killed = await killRun(job, folder, { seed, ...EACH }, { clientArgs: ['--delay', '15'] });
      assert.equal(killed.sha256, undisturbed.trunk.sha256, 'the trunk differs');
      assert.deepEqual(killed.digests, undisturbed.digests, 'heads differ');
      const [start, middle, slow] = [
        quantile(killed.starts, 0.5),
        quantile(killed.recoveries, 0.5),
        quantile(killed.recoveries, 0.99),
      ];
      assert.ok(slow < Math.max(2_000, 1.5 * start), `at work again after ${slow} ms`);
      return `${killed.history.trained} rounds for ${ROUNDS}, at work again after ${middle.toFixed(0)} ms, at the most ${slow.toFixed(0)}`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
