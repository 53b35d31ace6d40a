import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSmallRun } from './bad-input/small-run.ts';
import { killRun } from './faults/kill-run.ts';
import { replayRecord } from './faults/replay-record.ts';
import { trainInProcess } from './simulate/in-process.ts';
import { readJob } from './simulate/job.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-journal-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const file = writeSmallRun(join(temporary, 'small'));
const job = (rounds: number, mode: object, ...more: string[]) =>
  readJob(file, [
    `rounds=${rounds}`,
    'checkpointEvery=7',
    `evaluateEvery=${Math.ceil(rounds / 2)}`,
    'probeEvery=0',
    'record.keepJournal=true',
    `mode=${JSON.stringify(mode)}`,
    ...more,
  ]);

/** So that the run is not over while a process starts. */
const slowly = { clientArgs: ['--delay', '60'] };

/** One of each; in the long form (`npm run test:full -- journal`) more, and `proceed` too, which the simulator's storms cover here. */
const full = process.env['TRUNKLINE_FULL'] !== undefined;
const kills = full ? { coordinator: 4, clients: 2 } : { coordinator: 1, clients: 1 };

describe('a run that keeps a journal, killed at the coordinator and at a client', () => {
  it('in local ends in the bytes of a run that nothing happened to, and repeats no round', async () => {
    const local = job(90, { local: { steps: 3, optimizer: { sgd: { learningRate: 0.1 } }, scaffold: true } });
    const folder = join(temporary, 'local');
    const killed = await killRun(local, folder, { seed: 5, ...kills }, slowly);
    const undisturbed = await trainInProcess(local);
    expect(killed.sha256).toBe(undisturbed.trunk.sha256);
    expect(killed.digests).toEqual(undisturbed.digests);
    expect(killed.history).toEqual({ trained: 90, attempts: 1 });
    expect(replayRecord(join(folder, 'run'))).toMatchObject({ rounds: 90, sha256: killed.sha256 });
  });

  it('in buffered ends in the trunk of an independent replay of its record, each answer counted once', async () => {
    const buffered = job(110, { buffered: { size: 2, giveUpAfterMs: 240_000 } }, 'optimizer={"momentum": {}}');
    const folder = join(temporary, 'buffered');
    const killed = await killRun(buffered, folder, { seed: 7, ...kills }, { ...slowly, exact: false });
    const { rounds, sha256, applied } = replayRecord(join(folder, 'run'));
    expect({ rounds, sha256 }).toEqual({ rounds: 110, sha256: killed.sha256 });
    expect(applied.length).toBeGreaterThanOrEqual(110 * 2);
  });

  it.runIf(full)('in sync with `proceed` likewise', async () => {
    const proceed = job(90, { sync: { onMissing: 'proceed', deadlineMs: 600, giveUpAfterMs: 240_000 } });
    const folder = join(temporary, 'proceed');
    const killed = await killRun(proceed, folder, { seed: 9, ...kills }, { ...slowly, exact: false });
    const { rounds, sha256, applied } = replayRecord(join(folder, 'run'));
    expect({ rounds, sha256 }).toEqual({ rounds: 90, sha256: killed.sha256 });
    expect(applied.length).toBeGreaterThan(0);
  });
});
