import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findRun, runsIn } from './find-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-find-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds no run in a file, in an empty folder, and where nothing is, and says so', async () => {
  const file = join(folder, 'a.csv');
  writeFileSync(file, 'x,y\n');
  for (const runs of [file, folder, join(folder, 'none')]) {
    expect(runsIn(runs)).toEqual([]);
    await expect(findRun(undefined, runs)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(findRun('one', runs)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  }
});
