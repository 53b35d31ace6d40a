import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSmallRun } from '../bad-input/small-run.ts';
import { failRun } from '../faults/fail-run.ts';
import { trainInProcess } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';
import type { Sweep, SweepStep } from './sweep.ts';

/** Past a start and two checkpoints of the small run. */
const [LAST, EACH] = [80, 8];
/** Enough for as many lives of so many changes: a round makes about six. */
const ROUNDS = 200;

/** A real coordinator process that dies before each change of its disk in turn. */
export const failpoints: Sweep = {
  name: 'failpoints',
  summary: `a coordinator that dies before the n-th change of its disk, for every n up to ${LAST}: the bytes of an undisturbed run`,
  steps: () => Array.from({ length: LAST / EACH }, (_, i) => step(i * EACH + 1)),
};

const step = (first: number): SweepStep => ({
  name: `changes ${first} to ${first + EACH - 1}`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-failpoints-'));
    try {
      const settings = [`rounds=${ROUNDS}`, 'checkpointEvery=5', 'evaluateEvery=20', 'probeEvery=0'];
      const job = readJob(writeSmallRun(join(folder, 'small')), settings);
      const points = Array.from({ length: EACH }, (_, i) => first + i);
      const { sha256, died } = await failRun(job, folder, points);
      assert.equal(died, points.length, 'a failpoint was never reached');
      assert.equal(sha256, (await trainInProcess(job)).trunk.sha256, 'the trunk differs');
      return `${died} times begun again`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
