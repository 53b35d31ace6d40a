import { describe, expect, it } from 'vitest';
import type { Disk } from '@trunkline/model/store';
import type { Answer } from '@trunkline/protocol/line';
import { openOutbox, type Kept } from './outbox.ts';

const FOLDER = 'state/run/lab/outbox';

function memoryDisk() {
  const files = new Map<string, Uint8Array>();
  const disk: Disk = {
    read: (path) => files.get(path)?.slice() ?? null,
    list: (folder) => [...files.keys()].map((path) => path.slice(folder.length + 1)).sort(),
    makeFolder: () => undefined,
    open(path, how) {
      if (how === 'write') files.set(path, new Uint8Array(0));
      return {
        size: 0,
        write: (bytes) => void files.set(path, Uint8Array.from(Buffer.concat([files.get(path)!, bytes]))),
        sync: () => undefined,
        synced: () => Promise.resolve(),
        truncate: () => undefined,
        close: () => undefined,
      };
    },
    rename(from, to) {
      files.set(to, files.get(from)!);
      files.delete(from);
    },
    remove: (path) => void files.delete(path),
    syncFolder: () => undefined,
  };
  return { disk, files };
}

const answerOf = (round: number, attempt = 0): Answer => ({
  id: { round, attempt },
  version: round,
  contributions: [
    {
      message: { round, attempt, kind: 'sum', tasks: ['a'], bytes: 8, sha256: 'f'.repeat(64), encoding: 'f32' },
      bytes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, round),
    },
  ],
  losses: [{ task: 'a', loss: 0.1 + round, labelled: 3 }],
  timing: { waitMs: 1.5, stepMs: 2, sendMs: 0 },
});
const entry = (round: number, attempt = 0): Kept => ({
  answer: answerOf(round, attempt),
  trunk: 'abc',
  state: Uint8Array.of(round, 9, 9),
});
const silent = () => {
  throw new Error('nothing should be said');
};

describe('the outbox', () => {
  it('gives the newest answer and its state back, byte for byte, to a process that is started again', () => {
    const { disk, files } = memoryDisk();
    const outbox = openOutbox(disk, FOLDER, silent);
    expect(outbox.newest()).toBeUndefined();
    for (let round = 0; round < 12; round++) outbox.keep(entry(round));
    expect(openOutbox(disk, FOLDER, silent).newest()).toEqual(entry(11));
    expect(files.size).toBe(2);
  });

  it('takes a later attempt for newer than a later round, and forgets what the run went back behind', () => {
    const { disk } = memoryDisk();
    const outbox = openOutbox(disk, FOLDER, silent);
    for (let round = 0; round < 8; round++) outbox.keep(entry(round));
    outbox.keep(entry(5, 1));
    expect(outbox.newest()).toEqual(entry(5, 1));
    outbox.keep(entry(6, 1));
    expect(outbox.newest()).toEqual(entry(6, 1));
  });

  it('finds every change of a single byte, sets the file aside, says so, and gives the entry before', () => {
    const { disk, files } = memoryDisk();
    openOutbox(disk, FOLDER, silent).keep(entry(3));
    openOutbox(disk, FOLDER, silent).keep(entry(4));
    const name = `${FOLDER}/000004-0.answer`;
    const whole = files.get(name)!;
    for (let at = 0; at < whole.length; at++) {
      const changed = whole.slice();
      changed[at]! ^= 1 << (at % 8);
      files.set(name, changed);
      const said: string[] = [];
      expect(openOutbox(disk, FOLDER, (file) => said.push(file)).newest(), `byte ${at}`).toEqual(entry(3));
      expect(said).toEqual([name]);
      expect(files.has(name)).toBe(false);
    }
  });
});
