/**
 * All that durable files need of a disk, so that a test can hand in one that loses or tears what was not synced. Paths are absolute or
 * relative to the process; every call is synchronous, but for `DiskFile.synced`. What fails throws the system's own error
 * (with `code`: ENOSPC, EIO, ...): whoever calls knows which file and what to do.
 */
export interface Disk {
  /** The whole file; null when there is none. */
  read(path: string): Uint8Array | null;
  /** Names in a folder, sorted by code units; none when there is no folder. */
  list(folder: string): string[];
  /** With the folders above it; nothing happens when it is there. */
  makeFolder(folder: string): void;
  /** `write`: empty from now on. `append`: what is written goes behind what is there. Both make the file. */
  open(path: string, how: 'write' | 'append'): DiskFile;
  /** Replaces what is at `to`. Durable after `syncFolder` only. */
  rename(from: string, to: string): void;
  /** One file; nothing happens when there is none. */
  remove(path: string): void;
  /** Makes names in the folder durable: files made, renamed or removed. */
  syncFolder(folder: string): void;
}

export interface DiskFile {
  /** Bytes in the file, those included that it had when it was opened. */
  readonly size: number;
  /** All of `bytes`, or an error. */
  write(bytes: Uint8Array): void;
  /** fdatasync: what was written is on the disk when this returns. */
  sync(): void;
  /** The same without holding up the caller's thread. */
  synced(): Promise<void>;
  truncate(size: number): void;
  close(): void;
}

/** The folder that `path` lies in; of a bare name, the one that the process is in. */
export function folderOf(path: string): string {
  const folder = path.replace(/[/\\]+[^/\\]*$/, '');
  return folder === path ? '.' : folder || '/';
}

/**
 * Writes a file so that after a crash at any moment the whole old content is there, or the whole new one: a file beside it, fdatasync,
 * rename, sync of the folder. What an earlier crash left beside it is overwritten.
 * @throws the disk's error
 */
export function writeDurably(disk: Disk, path: string, bytes: Uint8Array): void {
  const beside = `${path}.new`;
  const file = disk.open(beside, 'write');
  try {
    file.write(bytes);
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(beside, path);
  disk.syncFolder(folderOf(path));
}

/** JSON on several lines, as `writeDurably` writes bytes. */
export const writeJsonDurably = (disk: Disk, path: string, value: unknown): void =>
  writeDurably(disk, path, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`));
