import { describe, expect, it } from 'vitest';
import { randomStream } from '@trunkline/model/random';
import { encodeSnapshot, openGenerations, type Disk, type DiskFile } from '@trunkline/model/store';

/** 10,000 in the long form, `npm run test:full -- flips`. */
const FLIPS = process.env['TRUNKLINE_FULL'] ? 10_000 : 1_000;

/** Files in memory. */
function memoryDisk(): { disk: Disk; files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  const open = (path: string): DiskFile => {
    files.set(path, new Uint8Array());
    return {
      get size() {
        return files.get(path)!.length;
      },
      write: (bytes) => void files.set(path, Buffer.concat([files.get(path)!, bytes])),
      sync: () => undefined,
      synced: () => Promise.resolve(),
      truncate: (size) => void files.set(path, files.get(path)!.slice(0, size)),
      close: () => undefined,
    };
  };
  const disk: Disk = {
    read: (path) => files.get(path) ?? null,
    list: (folder) =>
      [...files.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1))
        .sort(),
    makeFolder: () => undefined,
    open,
    rename(from, to) {
      files.set(to, files.get(from)!);
      files.delete(from);
    },
    remove: (path) => void files.delete(path),
    syncFolder: () => undefined,
  };
  return { disk, files };
}

describe('a checkpoint of a trunk of 20,000 parameters with its Adam state', () => {
  it(`is not taken for whole with any one of ${FLIPS} bits turned or tails cut; the one before it is, and that is said`, () => {
    const random = randomStream(6, 'flips');
    const values = () => Float32Array.from({ length: 20_000 }, () => random.normal());
    const { disk, files } = memoryDisk();
    const generations = openGenerations(disk, 'checkpoints');
    for (const version of [10, 20, 30])
      generations.save(version, encodeSnapshot({ version, theta: values(), optimizer: { m: values(), v: values() } }));
    const whole = new Map(files);
    const newest = [...whole.keys()].filter((path) => path.includes('000030'));
    expect(newest).toHaveLength(2);
    for (let flip = 0; flip < FLIPS; flip++) {
      files.clear();
      for (const [path, bytes] of whole) files.set(path, bytes);
      // Few bytes are the manifest's: every tenth flip is there.
      const path = newest.find((name) => name.endsWith(flip % 10 === 0 ? '.json' : '.safetensors'))!;
      const bytes = whole.get(path)!;
      const at = random.below(bytes.length);
      const changed = flip % 7 === 3 ? bytes.slice(0, at) : Uint8Array.from(bytes);
      if (flip % 7 !== 3) changed[at]! ^= 1 << random.below(8);
      files.set(path, changed);
      const { sound, damaged } = generations.survey();
      expect(sound.map(({ round }) => round)).toEqual([10, 20]);
      expect(damaged.map(({ round }) => round)).toEqual([30]);
    }
  });
});
