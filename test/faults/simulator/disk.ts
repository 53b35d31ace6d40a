import { folderOf, type Disk, type DiskFile } from '@trunkline/model/store';
import type { Process, World } from './world.ts';

/** A machine's disk: what was not synced may be lost or torn when the power goes, and outlives a process that is merely killed. */
export interface Storage {
  /** The disk as a process uses it; each of its operations may be the process's last. */
  of(process: Process): Disk;
  /** For whoever looks at it from outside. */
  readonly inside: Pick<Disk, 'read' | 'list'>;
  /** The power goes: of what was not synced, a part that chance chooses is kept. */
  readonly loseUnsynced: () => void;
  /** Called before each operation that changes something. It may kill the process, or throw what a disk throws. */
  watch(before: (process: Process, point: WritePoint) => void): void;
  /** What goes wrong with it now; null: nothing. */
  trouble: 'ENOSPC' | 'EIO' | null;
  /** Flips one bit of a file, as a bad sector does; null: no file's path matches. @param last of the matching path that sorts last */
  flip(pattern: RegExp, last?: boolean): string | null;
}

/** Where a process may be stopped: what it is about to do, and to which file. */
export interface WritePoint {
  readonly operation:
    'make folder' | 'open' | 'write' | 'sync' | 'synced' | 'cut' | 'rename' | 'remove' | 'sync folder';
  readonly path: string;
}

/** What lies under a name: the bytes that every process sees, those that are safe, and whether it ever was safe. */
interface Content {
  bytes: Uint8Array;
  safe: Uint8Array;
}

/** A change of the names in a folder that is not safe yet; a rename is one change of two names. */
type NameChange = readonly (readonly [path: string, content: Content | null])[];

/** How long a sync takes that does not hold up its caller. */
const SYNC_MS = 8;
const SECTOR = 512;
const ZEROS_CHANCE = 0.3;
/** A disk with bad sectors fails so often. */
const EIO_CHANCE = 0.2;

/** @param lies syncs do nothing: a bug to be found */
export function createStorage(world: World, lies = false): Storage {
  const { random } = world;
  let names = new Map<string, Content>();
  let safeNames = new Map<string, Content>();
  const folders = new Set<string>();
  let changes: NameChange[] = [];
  let before: (process: Process, point: WritePoint) => void = () => {};
  let trouble: Storage['trouble'] = null;

  const put = (into: Map<string, Content>, change: NameChange) => {
    for (const [path, content] of change) {
      if (content) into.set(path, content);
      else into.delete(path);
    }
  };
  const name = (...change: NameChange) => {
    put(names, change);
    changes.push(change);
  };
  const settle = (done: readonly NameChange[]) => done.forEach((change) => put(safeNames, change));
  /** Of what was written behind what is safe, any number of bytes may be there. */
  const torn = (bytes: Uint8Array, safe: Uint8Array): Uint8Array => {
    if (bytes.length <= safe.length) return random.uniform() < 0.5 ? bytes : safe;
    const there = bytes.slice(0, safe.length + random.below(bytes.length - safe.length + 1));
    // The length may be there before the bytes: what was not written reads as zeros, from the end of before or from a sector on.
    const sectors = Math.floor((there.length - safe.length) / SECTOR);
    if (random.uniform() < ZEROS_CHANCE) {
      const from = random.below(sectors + 1);
      there.fill(0, from === 0 ? safe.length : (Math.floor(safe.length / SECTOR) + from) * SECTOR);
    }
    return there;
  };

  const inside: Storage['inside'] = {
    read: (path) => names.get(path)?.bytes.slice() ?? null,
    list: (folder) => {
      const paths = [...names.keys(), ...folders].filter((path) => path.startsWith(`${folder}/`));
      return [...new Set(paths.map((path) => path.slice(folder.length + 1).split('/')[0]!))].sort();
    },
  };
  const of = (process: Process): Disk => {
    /** @param grows it needs room */
    const must = (operation: WritePoint['operation'], path: string, grows = false) => {
      if (process.alive) before(process, { operation, path });
      if (!process.alive) throw new Error('the process is gone');
      if (trouble === 'ENOSPC' ? grows : trouble === 'EIO' && random.uniform() < EIO_CHANCE)
        throw Object.assign(new Error(`${trouble}: the disk has no more to give`), { code: trouble });
    };
    const fileOf = (path: string, content: Content): DiskFile => ({
      get size() {
        return content.bytes.length;
      },
      write(bytes) {
        try {
          must('write', path, true);
        } catch (killed) {
          // Whatever reached the disk of its last write.
          append(content, bytes.subarray(0, random.below(bytes.length + 1)));
          throw killed;
        }
        append(content, bytes);
      },
      sync() {
        must('sync', path);
        if (!lies) content.safe = content.bytes;
      },
      async synced() {
        must('synced', path);
        const { bytes } = content;
        await new Promise<void>((done) => {
          world.after(random.uniform() * SYNC_MS, 'synced', done, process);
        });
        if (!lies && bytes.length >= content.safe.length) content.safe = bytes;
      },
      truncate(size) {
        must('cut', path);
        content.bytes = content.bytes.slice(0, size);
      },
      close: () => undefined,
    });
    return {
      ...inside,
      makeFolder(folder) {
        must('make folder', folder, !folders.has(folder));
        for (let path = folder; !folders.has(path) && path !== '.' && path !== '/'; path = folderOf(path))
          folders.add(path);
      },
      open(path, how) {
        must('open', path, !names.has(path));
        const found = names.get(path);
        if (found && how === 'append') return fileOf(path, found);
        // Opened to be written anew, a file is empty at once, whatever is safe of it.
        if (found) found.bytes = new Uint8Array();
        else name([path, { bytes: new Uint8Array(), safe: new Uint8Array() }]);
        return fileOf(path, names.get(path)!);
      },
      rename(from, to) {
        must('rename', to);
        const content = names.get(from);
        if (content) return name([to, content], [from, null]);
        const inside = [...names].filter(([path]) => path.startsWith(`${from}/`));
        if (inside.length === 0) throw Object.assign(new Error(`ENOENT: ${from}`), { code: 'ENOENT' });
        name(
          ...inside.flatMap(([path, held]) => [[to + path.slice(from.length), held] as const, [path, null] as const]),
        );
      },
      remove(path) {
        must('remove', path);
        if (names.has(path)) name([path, null]);
      },
      syncFolder(folder) {
        must('sync folder', folder);
        const inside = ([first]: NameChange) => first !== undefined && folderOf(first[0]) === folder;
        settle(changes.filter(inside));
        changes = changes.filter((change) => !inside(change));
      },
    };
  };
  return {
    of,
    inside,
    watch: (hook) => void (before = hook),
    get trouble() {
      return trouble;
    },
    set trouble(now) {
      trouble = now;
    },
    loseUnsynced() {
      // A file system keeps the order of changes of names: some of the first are there.
      settle(changes.slice(0, random.below(changes.length + 1)));
      changes = [];
      names = safeNames;
      safeNames = new Map(names);
      for (const content of new Set(names.values())) {
        if (content.bytes !== content.safe) content.bytes = content.safe = torn(content.bytes, content.safe);
      }
    },
    flip(pattern, last = false) {
      const paths = [...names]
        .filter(([path, { bytes }]) => pattern.test(path) && bytes.length > 0)
        .map(([path]) => path);
      if (paths.length === 0) return null;
      const path = last ? paths.sort().at(-1)! : paths[random.below(paths.length)]!;
      const content = names.get(path)!;
      const bytes = content.bytes.slice();
      bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      content.bytes = content.safe = bytes;
      return path;
    },
  };
}

function append(content: Content, bytes: Uint8Array): void {
  const whole = new Uint8Array(content.bytes.length + bytes.length);
  whole.set(content.bytes);
  whole.set(bytes, content.bytes.length);
  content.bytes = whole;
}
