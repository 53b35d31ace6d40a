import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomStream } from '@trunkline/model/random';
import { writeSmallRun } from '../bad-input/small-run.ts';
import { disturbRun, type Disturbance } from '../faults/disturb-run.ts';
import { trainInProcess } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';
import type { Sweep, SweepStep } from './sweep.ts';

/** Together 200 disturbances. */
const [STEPS, EACH] = [20, 10];
const ROUNDS = 3_000;
const ALL: readonly Disturbance[] = [
  'two-way',
  'up',
  'down',
  'flapping',
  'reset',
  'refusing',
  'stop client',
  'stop coordinator',
];

export const partitions: Sweep = {
  name: 'partitions',
  summary:
    '200 partitions, resets and pauses of up to 60 s: at work again within 5 s, and the bytes of an undisturbed run',
  steps: () => Array.from({ length: STEPS }, (_, seed) => step(seed, seed % 4 === 3 ? 60_000 : 8_000)),
};

const step = (seed: number, longestMs: number): SweepStep => ({
  name: `seed ${seed}: ${EACH} disturbances of up to ${longestMs / 1_000} s`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-partitions-'));
    const random = randomStream(seed, 'which disturbances');
    const disturbances = Array.from({ length: EACH }, () => ALL[random.below(ALL.length)]!);
    const settings = [`rounds=${ROUNDS}`, `evaluateEvery=${ROUNDS / 2}`, 'checkpointEvery=50', 'probeEvery=0'];
    try {
      const job = readJob(writeSmallRun(join(folder, 'small')), settings);
      const { healed, terminated, resumed } = await disturbRun(job, folder, { seed, disturbances, longestMs });
      const slowest = healed.reduce((most, one) => (one.ms > most.ms ? one : most));
      assert.ok(slowest.ms < 5_000, `${slowest.what}: at work again after ${slowest.ms.toFixed(0)} ms`);
      for (const { member, code, ms } of terminated)
        assert.ok(code === 130 && ms < 5_000, `${member} ended with code ${code} after ${ms.toFixed(0)} ms`);
      assert.equal(resumed.sha256, (await trainInProcess(job)).trunk.sha256, 'the trunk differs');
      return `at work again after ${slowest.ms.toFixed(0)} ms at the most (${slowest.what})`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
