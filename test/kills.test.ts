import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSmallRun } from './bad-input/small-run.ts';
import { failRun } from './faults/fail-run.ts';
import { killRun, quantile } from './faults/kill-run.ts';
import { trainInProcess } from './simulate/in-process.ts';
import { readJob } from './simulate/job.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-kills-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Scored now and then, so that kills fall between the questions for scores too. */
const settings = (rounds: number) => [
  `rounds=${rounds}`,
  'checkpointEvery=5',
  `evaluateEvery=${rounds / 6}`,
  'probeEvery=4',
];

describe('a run whose processes are killed at random', () => {
  it('ends in the bytes of one that was not: 20 coordinator and 10 client kills', async () => {
    const job = readJob(writeSmallRun(join(temporary, 'small')), settings(180));
    const undisturbed = await trainInProcess(job);
    const killed = await killRun(
      job,
      temporary,
      { seed: 1, coordinator: 20, clients: 10 },
      { clientArgs: ['--delay', '15'] },
    );
    expect(killed.rounds).toBe(180);
    expect(killed.sha256).toBe(undisturbed.trunk.sha256);
    expect(killed.digests).toEqual(undisturbed.digests);
    // They did cost rounds, which were trained again.
    expect(killed.history.trained).toBeGreaterThan(180);
    expect(killed.history.attempts).toBeGreaterThan(6);
    expect(killed.recoveries.length).toBeGreaterThan(3);
    // On a machine that is busy with other things a process starts more slowly, and recovers more slowly by as much.
    const allowed = Math.max(2_000, 1.5 * quantile(killed.starts, 0.5));
    expect(quantile(killed.recoveries, 0.99)).toBeLessThan(allowed);
  }, 900_000);

  it('dies before a change of its disk, at one place after the other, and ends in the same bytes', async () => {
    const folder = join(temporary, 'failpoints');
    const job = readJob(writeSmallRun(join(folder, 'small')), settings(30));
    const failpoints = [2, 9, 24, 33, 41];
    const { sha256, died } = await failRun(job, folder, failpoints);
    expect(died).toBe(failpoints.length);
    expect(sha256).toBe((await trainInProcess(job)).trunk.sha256);
  });
});
