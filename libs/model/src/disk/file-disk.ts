import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { Disk, DiskFile } from '../store/disk.ts';

/** The machine's own disk. */
export const fileDisk = (): Disk => ({
  read: (path) => orNothing(() => new Uint8Array(readFileSync(path)), null),
  list: (folder) => orNothing(() => readdirSync(folder).sort(byCodeUnits), []),
  makeFolder: (folder) => void mkdirSync(folder, { recursive: true }),
  open: (path, how) => openFile(openSync(path, how === 'write' ? 'w' : 'a')),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { force: true }),
  syncFolder(folder) {
    // Without this a crash may forget a rename although the file's bytes are safe.
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  },
});

function openFile(handle: number): DiskFile {
  let { size } = fstatSync(handle);
  return {
    get size() {
      return size;
    },
    write(bytes) {
      // A disk that fills up takes a part first; the rest then fails with ENOSPC.
      for (let at = 0; at < bytes.length;) {
        const written = writeSync(handle, bytes, at);
        at += written;
        size += written;
      }
    },
    sync: () => fdatasyncSync(handle),
    synced: () => new Promise((done, failed) => fdatasync(handle, (error) => (error ? failed(error) : done()))),
    truncate(length) {
      ftruncateSync(handle, length);
      size = length;
    },
    close: () => closeSync(handle),
  };
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What is not there is no error; whatever else goes wrong is. */
function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    throw error;
  }
}
