import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fail } from '@trunkline/protocol';
import { SPLITS, type Split } from './source.ts';

/** A key's place below `data` in the client file, e.g. `['npz', 'file']`. */
export type Path = readonly (string | number)[];

/** What a source needs to know of the file that describes it. */
export interface OpenContext {
  /** The folder that relative paths start from. */
  readonly folder: string;
  /** `file:line:column` of a key below `data`, for errors. */
  at(path: Path): string;
}

/** One file for all splits, one whose name holds `{split}`, or one a split. */
export type FilesBySplit<T = string> =
  T | { readonly train: T; readonly validation?: T | undefined; readonly test?: T | undefined };

/** What `{split}` stands for in names of arrays and files. */
const SPLIT_NAMES: Readonly<Record<Split, string>> = { train: 'train', validation: 'val', test: 'test' };

export const nameOf = (template: string, split: Split): string => template.replaceAll('{split}', SPLIT_NAMES[split]);

/** A file's bytes, unpacked where it begins as gzip does. @throws DATA_FILE_MISSING, DATA_FILE_BROKEN */
export async function readBytes(path: string, context: OpenContext, key: Path): Promise<Buffer> {
  const file = resolve(context.folder, path);
  if (!isFile(file)) throw fail('DATA_FILE_MISSING', { at: context.at(key), file });
  const bytes = await readFile(file);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw fail('DATA_FILE_BROKEN', { file: basename(file), format: 'gzip', problem: reasonOf(cause) }, cause);
  }
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

export const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/**
 * The files of each split that has any, and whether they were given by split at all: one plain name is one set of rows, still
 * to be split. A name with `{split}` counts for a split where such a file exists; for training it is always asked for.
 */
export function filesOf<T extends string | readonly string[]>(
  given: FilesBySplit<T>,
  context: OpenContext,
): { bySplit: boolean; files: Partial<Record<Split, { paths: readonly string[]; key: Path }>> } {
  if (typeof given !== 'string' && !isList(given)) {
    const named = SPLITS.flatMap((split) => {
      const value = given[split];
      return value === undefined ? [] : [[split, { paths: listed(value), key: [split] }] as const];
    });
    return { bySplit: true, files: Object.fromEntries(named) };
  }
  const paths = listed(given);
  if (!paths.some((path) => path.includes('{split}'))) return { bySplit: false, files: { train: { paths, key: [] } } };
  const present = SPLITS.map((split) => ({ split, paths: paths.map((path) => nameOf(path, split)) })).filter(
    ({ split, paths }) => split === 'train' || paths.every((path) => existsSync(resolve(context.folder, path))),
  );
  return { bySplit: true, files: Object.fromEntries(present.map(({ split, paths }) => [split, { paths, key: [] }])) };
}

const isList = (value: unknown): value is readonly string[] => Array.isArray(value);
const listed = (value: string | readonly string[]) => (typeof value === 'string' ? [value] : value);
