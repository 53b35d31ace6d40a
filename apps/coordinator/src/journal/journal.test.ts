import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Disk } from '@trunkline/model/store';
import type { ContributionMessage } from '@trunkline/protocol';
import { frame } from './frame.ts';
import { openJournal, type Journal } from './journal.ts';
import { JOURNAL_FORMAT, type BaseRecord, type JournalRecord } from './record.ts';
import { cutTornTail, recordsOf, segmentFile, segmentsIn, sequencesIn } from './segments.ts';

const FOLDER = 'run/journal';

/** A disk that knows what was synced: a crash keeps that, and of the rest as much of the beginning as it is told. */
function memoryDisk() {
  const files = new Map<string, { bytes: Uint8Array; synced: number }>();
  let syncs = 0;
  const disk: Disk = {
    read: (path) => files.get(path)?.bytes.slice() ?? null,
    list: (folder) =>
      [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)),
    makeFolder: () => undefined,
    open(path) {
      const file = files.get(path) ?? { bytes: new Uint8Array(0), synced: 0 };
      files.set(path, file);
      const sync = () => {
        syncs++;
        file.synced = file.bytes.length;
      };
      return {
        get size() {
          return file.bytes.length;
        },
        write: (bytes) => void (file.bytes = Uint8Array.from(Buffer.concat([file.bytes, bytes]))),
        sync,
        synced: () => Promise.resolve().then(sync),
        truncate: (size) => void (file.bytes = file.bytes.slice(0, size)),
        close: () => undefined,
      };
    },
    rename: () => undefined,
    remove: (path) => void files.delete(path),
    syncFolder: () => undefined,
  };
  return {
    disk,
    files,
    get syncs() {
      return syncs;
    },
    crash(kept: number) {
      for (const file of files.values())
        file.bytes = file.bytes.slice(0, file.synced + Math.floor((file.bytes.length - file.synced) * kept));
    },
  };
}

const open = (disk: Disk, more: { segmentBytes?: number; keep?: boolean } = {}): Journal =>
  openJournal({
    disk,
    folder: FOLDER,
    segments: segmentsIn(disk, FOLDER),
    failed: (error) => {
      throw error;
    },
    ...more,
  });

/** Throws the first problem. */
function surveyed(disk: Disk) {
  for (const { problem } of segmentsIn(disk, FOLDER)) if (problem) throw problem;
}

const message = (round: number): ContributionMessage => ({
  round,
  attempt: 0,
  kind: 'sum',
  tasks: ['a'],
  bytes: 8,
  sha256: 'f'.repeat(64),
  encoding: 'f32',
});
const contribution = (round: number): JournalRecord => ({
  kind: 'contribution',
  client: 'lab',
  message: message(round),
});
const base = (round: number): BaseRecord => ({
  kind: 'base',
  round,
  attempt: 0,
  sha256: 'a'.repeat(64),
  machine: { round },
  seats: [],
  counts: {},
  scores: [],
  due: [],
  following: 0,
});
const everything = (disk: Disk) =>
  sequencesIn(disk, FOLDER).flatMap((sequence) =>
    [...recordsOf(disk, FOLDER, sequence)].map(({ record, body }) => ({ record, body: [...body] })),
  );

describe('the journal', () => {
  it('gives back every record and its bytes in order, over segments of any size and any number of openings', async () => {
    const parts = fc.array(
      fc.record({ round: fc.nat(9), body: fc.uint8Array({ maxLength: 40 }), reopen: fc.boolean() }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 40, max: 400 }), async (given, segmentBytes) => {
        const { disk } = memoryDisk();
        let journal = open(disk, { segmentBytes });
        for (const { round, body, reopen } of given) {
          journal.append(contribution(round), body);
          if (!reopen) continue;
          await journal.close();
          journal = open(disk, { segmentBytes });
        }
        await journal.durable();
        expect(everything(disk)).toEqual(
          given.map(({ round, body }) => ({ record: contribution(round), body: [...body] })),
        );
      }),
      { seed: 6, numRuns: 60 },
    );
  });

  it('keeps what it called durable through a crash at any byte, and cuts the rest off, once', async () => {
    const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(parts, parts, fc.double({ min: 0, max: 1, noNaN: true }), async (safe, lost, kept) => {
        const memory = memoryDisk();
        const journal = open(memory.disk);
        for (const body of safe) journal.append(contribution(0), body);
        await journal.durable();
        for (const body of lost) journal.append(contribution(1), body);
        memory.crash(kept);
        cutTornTail(memory.disk, FOLDER);
        expect(cutTornTail(memory.disk, FOLDER)).toBeNull();
        const found = everything(memory.disk).map(({ body }) => body);
        const all = [...safe, ...lost].map((body) => [...body]);
        expect(found.length).toBeGreaterThanOrEqual(safe.length);
        expect(found).toEqual(all.slice(0, found.length));
        surveyed(memory.disk);
      }),
      { seed: 6, numRuns: 150 },
    );
  });

  it('cuts off zeros that stand where bytes never arrived, from the end of before or from any sector on', async () => {
    const body = new Uint8Array(1500).fill(7);
    for (let sector = -1; sector < 3; sector++) {
      const { disk, files } = memoryDisk();
      const journal = open(disk);
      for (let round = 0; round < 2; round++) journal.append(contribution(round), body);
      await journal.durable();
      const file = files.get(segmentFile(FOLDER, 0))!;
      journal.append(contribution(2), body);
      const from = sector < 0 ? file.synced : (Math.ceil(file.synced / 512) + sector) * 512;
      file.bytes.fill(0, from);
      expect(cutTornTail(disk, FOLDER)).toMatchObject({ offset: file.synced });
      expect(everything(disk)).toHaveLength(2);
    }
  });

  it('finds every change of a single byte, wherever it is, and never takes it for an unfinished write', async () => {
    const { disk, files } = memoryDisk();
    const journal = open(disk, { segmentBytes: 300 });
    for (let round = 0; round < 4; round++) journal.append(contribution(round), new Uint8Array(5).fill(round));
    journal.rotate(base(4), [{ record: contribution(4), body: new Uint8Array(4200) }]);
    await journal.durable();
    expect(files.size).toBeGreaterThan(2);
    let flips = 0;
    for (const file of files.values()) {
      // Every byte of the small records; of the long row of zeros each 61st.
      for (let at = 0; at < file.bytes.length; at += at > 900 && at < file.bytes.length - 64 ? 61 : 1) {
        const before = file.bytes[at]!;
        file.bytes[at] = before ^ (1 << (at % 8));
        const found = () => {
          cutTornTail(disk, FOLDER);
          surveyed(disk);
        };
        expect(found, `byte ${at}`).toThrow(expect.objectContaining({ code: 'JOURNAL_DAMAGED' }) as Error);
        file.bytes[at] = before;
        flips++;
      }
    }
    expect(flips).toBeGreaterThan(1000);
    cutTornTail(disk, FOLDER);
    expect(segmentsIn(disk, FOLDER)).toHaveLength(files.size);
  });

  it('finds a missing segment, one under another name, and one of a newer format', async () => {
    const build = async () => {
      const memory = memoryDisk();
      const journal = open(memory.disk, { segmentBytes: 1 });
      for (let round = 0; round < 4; round++) journal.append(contribution(round));
      await journal.durable();
      return memory;
    };
    const gone = await build();
    gone.files.delete(segmentFile(FOLDER, 2));
    expect(() => surveyed(gone.disk)).toThrow(/000002.journal.*missing/);
    const swapped = await build();
    swapped.files.set(segmentFile(FOLDER, 2), swapped.files.get(segmentFile(FOLDER, 1))!);
    expect(() => surveyed(swapped.disk)).toThrow(/it is segment 1 under another name/);
    const newer = await build();
    const head = frame({ kind: 'segment', format: JOURNAL_FORMAT + 1, sequence: 2 });
    newer.files.set(segmentFile(FOLDER, 2), { bytes: Uint8Array.from(Buffer.concat(head)), synced: 0 });
    const expected = { code: 'JOURNAL_VERSION', message: expect.stringContaining('000002.journal') as string };
    expect(() => surveyed(newer.disk)).toThrow(expect.objectContaining(expected) as Error);
  });

  it('shares one sync among all that is appended in a turn', async () => {
    const memory = memoryDisk();
    const journal = open(memory.disk);
    await journal.durable();
    const before = memory.syncs;
    const waiting = Array.from({ length: 50 }, (_, round) => {
      journal.append(contribution(round), new Uint8Array(8));
      return journal.durable();
    });
    await Promise.all(waiting);
    // One that began with the first, one for those that came after it had begun.
    expect(memory.syncs - before).toBeLessThanOrEqual(2);
    await journal.durable();
    expect(memory.syncs - before).toBeLessThanOrEqual(2);
  });

  it('removes segments that no kept checkpoint needs, and none otherwise', async () => {
    const { disk } = memoryDisk();
    let journal = open(disk);
    for (const round of [0, 10, 20, 30]) {
      journal.rotate(base(round), []);
      journal.append(contribution(round));
    }
    await journal.close();
    journal = open(disk);
    journal.append(contribution(31));
    journal.prune(10);
    await journal.durable();
    expect(segmentsIn(disk, FOLDER).map(({ base: found }) => found?.round)).toEqual([10, 20, 30, undefined]);
    journal.prune(99);
    expect(segmentsIn(disk, FOLDER)).toHaveLength(4);
    const keeping = open(disk, { keep: true });
    keeping.prune(30);
    expect(segmentsIn(disk, FOLDER)).toHaveLength(5);
  });

  it('promises nothing any more once the disk has failed', async () => {
    const { disk } = memoryDisk();
    const full: Disk = {
      ...disk,
      open(path, how) {
        const file = disk.open(path, how);
        return { ...file, size: 0, synced: () => Promise.reject(new Error('ENOSPC: no space left on device')) };
      },
    };
    const told: string[] = [];
    const journal = openJournal({ disk: full, folder: FOLDER, segments: [], failed: ({ code }) => told.push(code) });
    journal.append(contribution(0));
    await expect(journal.durable()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(() => journal.append(contribution(1))).toThrow(/ENOSPC/);
    await expect(journal.durable()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(told).toEqual(['STORAGE_FAILED']);
  });
});
