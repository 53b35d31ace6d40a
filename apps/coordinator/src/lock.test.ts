import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lockFolder } from './lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the lock of a folder', () => {
  it('is refused to a second holder, by whatever path, with the process id of the first', async () => {
    const held = await lockFolder(folder);
    const other = `${folder}-link`;
    symlinkSync(folder, other);
    for (const path of [folder, other, join(folder, '.')]) {
      await expect(lockFolder(path)).rejects.toMatchObject({
        code: 'RUN_LOCKED',
        message: expect.stringContaining(`process ${process.pid}`) as string,
      });
    }
    rmSync(other);
    await held.release();
    await (await lockFolder(folder)).release();
  });
});
