import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeDurably, writeJsonDurably } from '../store/disk.ts';
import { fileDisk } from './file-disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-disk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const disk = fileDisk();
const bytes = (text: string) => new TextEncoder().encode(text);

describe('the machine’s disk', () => {
  it('says that a file or folder is not there instead of throwing', () => {
    expect(disk.read(join(folder, 'nothing'))).toBeNull();
    expect(disk.list(join(folder, 'nothing'))).toEqual([]);
    disk.remove(join(folder, 'nothing'));
  });

  it('throws the system’s error for everything else', () => {
    writeFileSync(join(folder, 'plain'), '');
    expect(() => disk.list(join(folder, 'plain'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    expect(() => disk.open('/dev/full', 'append').write(bytes('x'))).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
  });

  it('appends behind what is there, counts its bytes and cuts at a size', async () => {
    const path = join(folder, 'appended');
    writeFileSync(path, 'one ');
    const file = disk.open(path, 'append');
    expect(file.size).toBe(4);
    file.write(bytes('two three'));
    await file.synced();
    file.truncate(7);
    file.write(bytes('!'));
    file.sync();
    expect(file.size).toBe(8);
    file.close();
    expect(readFileSync(path, 'utf8')).toBe('one two!');
  });
});

describe('a durable write', () => {
  it('replaces the whole file and leaves nothing beside it', () => {
    const path = join(folder, 'kept.json');
    writeFileSync(`${path}.new`, 'left by a crash, and longer than what comes');
    writeJsonDurably(disk, path, { round: 1 });
    writeDurably(disk, path, bytes('short'));
    expect(readFileSync(path, 'utf8')).toBe('short');
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  it('leaves the old content when the disk is full', () => {
    const path = join(folder, 'full');
    writeFileSync(path, 'old');
    const full = { ...disk, open: (_: string, how: 'write' | 'append') => disk.open('/dev/full', how) };
    expect(() => writeDurably(full, path, bytes('new'))).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
});
