import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Trained } from './train.ts';

/** The baseline's name beside those of the strategies. */
export const ALONE = 'alone';

/** Raised by hand when a cell comes to mean something else: what is trained, probed or scored. */
const SPEC = 1;

/** One training: a method on a data set with a seed. */
export interface Cell {
  readonly dataSet: string;
  readonly method: string;
  readonly seed: number;
  /** Hash of all that the figures depend on, but the code. */
  readonly key: string;
}

export interface FinishedCell extends Cell, Trained {
  readonly date: string;
}

/**
 * The key of a cell: run file, client files and data by content, overrides, method, seed and the version of this specification. The run
 * folder may move; nothing in it may change.
 */
export function keyOf(of: { digest: string; overrides: readonly string[]; method: string; seed: number }): string {
  return createHash('sha256')
    .update(JSON.stringify([SPEC, of.digest, of.overrides, of.method, of.seed]))
    .digest('hex');
}

/** What a training reads; notes and scripts beside it change nothing. */
const READ = /\.(ya?ml|npz|npy|csv)$/;

/** SHA-256 over names and contents of the files in a folder that a training may read. */
export function folderDigest(folder: string): string {
  const hash = createHash('sha256');
  for (const path of filesIn(folder)
    .filter((file) => READ.test(file))
    .sort()) {
    const content = createHash('sha256').update(readFileSync(path)).digest('hex');
    hash.update(`${relative(folder, path).replaceAll('\\', '/')}\n${content}\n`);
  }
  return hash.digest('hex');
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });

const fileOf = (cache: string, { dataSet, method, seed }: Cell): string =>
  join(cache, 'cells', dataSet, `${method}-${seed}.json`);

/** A finished cell with the same key; undefined where there is none, where its key differs or the file is damaged. */
export function readCell(cache: string, cell: Cell): FinishedCell | undefined {
  try {
    const found = JSON.parse(readFileSync(fileOf(cache, cell), 'utf8')) as FinishedCell;
    return found.key === cell.key ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Written beside and renamed: a cell is there whole or not at all. */
export function writeCell(cache: string, cell: FinishedCell): void {
  const file = fileOf(cache, cell);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, `${JSON.stringify(cell, null, 1)}\n`);
  renameSync(`${file}.part`, file);
}
