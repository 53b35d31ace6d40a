import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSmallRun } from './bad-input/small-run.ts';
import { disturbRun } from './faults/disturb-run.ts';
import { trainInProcess } from './simulate/in-process.ts';
import { readJob } from './simulate/job.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-partitions-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

describe('a run whose lines and processes are held up', () => {
  it('trains again within five seconds of each of eight partitions, resets and pauses, and ends in the same bytes within five of SIGTERM', async () => {
    const rounds = ['rounds=500', 'evaluateEvery=250', 'checkpointEvery=50', 'probeEvery=0'];
    const job = readJob(writeSmallRun(join(temporary, 'small')), rounds);
    const { healed, terminated, resumed } = await disturbRun(job, temporary, {
      seed: 1,
      disturbances: ['two-way', 'up', 'down', 'flapping', 'reset', 'refusing', 'stop client', 'stop coordinator'],
      longestMs: 1_500,
    });
    expect(healed).toHaveLength(8);
    expect(Math.max(...healed.map(({ ms }) => ms))).toBeLessThan(5_000);
    for (const { code, ms } of terminated) {
      expect(code).toBe(130);
      expect(ms).toBeLessThan(5_000);
    }
    // The same commands, given again, end the run in the bytes of an undisturbed one.
    const undisturbed = await trainInProcess(job);
    expect(resumed).toEqual({ rounds: 500, sha256: undisturbed.trunk.sha256 });
  });
});
