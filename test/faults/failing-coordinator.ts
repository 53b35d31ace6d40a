import { readRun, startCoordinator } from '@trunkline/coordinator';
import { fileDisk } from '@trunkline/model/disk';
import type { Disk, DiskFile } from '@trunkline/model/store';

/**
 * The coordinator on a disk before whose n-th change the process is gone, as by SIGKILL: n counts files opened, writes, syncs, renames, removals and folder
 * syncs, from the start of the process. Arguments: the run file, the run folder, n (0: never), then texts as of `--set`.
 */
const [file, folder, failAt, ...overrides] = process.argv.slice(2) as [string, string, string, ...string[]];

function failing(disk: Disk, at: number): Disk {
  let changes = 0;
  const count =
    <A extends unknown[], R>(act: (...args: A) => R) =>
    (...args: A): R => {
      if (++changes === at) process.kill(process.pid, 'SIGKILL');
      return act(...args);
    };
  const watched = (opened: DiskFile): DiskFile => ({
    get size() {
      return opened.size;
    },
    write: count((bytes: Uint8Array) => opened.write(bytes)),
    sync: count(() => opened.sync()),
    synced: count(() => opened.synced()),
    truncate: count((size: number) => opened.truncate(size)),
    close: () => opened.close(),
  });
  return {
    read: (path) => disk.read(path),
    list: (path) => disk.list(path),
    makeFolder: count((path: string) => disk.makeFolder(path)),
    open: count((path: string, how: 'write' | 'append') => watched(disk.open(path, how))),
    rename: count((from: string, to: string) => disk.rename(from, to)),
    remove: count((path: string) => disk.remove(path)),
    syncFolder: count((path: string) => disk.syncFolder(path)),
  };
}

const coordinator = await startCoordinator(readRun(file, overrides), {
  folder,
  resume: true,
  disk: failing(fileDisk(), Number(failAt)),
  sinks: [(event) => void process.stdout.write(`${JSON.stringify(event)}\n`)],
});
await coordinator.done;
await coordinator.close();
