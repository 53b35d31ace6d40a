import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fail } from '@trunkline/protocol';
import { leftOut, type Table } from './csv-table.ts';
import { readTables } from './csv.ts';
import { columnIn, targetsIn, type BrokenRows } from './csv-targets.ts';
import { takeRows } from './block.ts';
import { filesOf, type OpenContext } from './files.ts';
import type { ImagesConfig } from './schema.ts';
import { SPLITS, type Column, type Split } from './source.ts';
import { byCode } from './split.ts';

/** The images of one folder or index, and their targets, before any is looked at. */
export interface ImageList {
  /** Absolute paths. */
  readonly paths: readonly string[];
  /** What errors and places call each image. */
  readonly names: readonly string[];
  readonly targets: Readonly<Record<string, Column>>;
  /** The index, where there is one: its columns may group and stratify. */
  readonly table: Table | undefined;
}

export interface ImageLists {
  readonly bySplit: boolean;
  /** Rows of an index that were left out. */
  readonly notes: readonly string[];
  readonly file: string;
  readonly lists: Partial<Record<Split, ImageList>> & { readonly train: ImageList };
}

/**
 * Lists images by split: of a folder, the files below each of its sub-folders, whose name is their `label`; of an index, the files
 * that its column `path` names, relative to it, other columns being targets (those of `targets`, if it is set).
 * @throws DATA_FILE_MISSING, DATA_COLUMN_MISSING, DATA_FILE_BROKEN, DATA_ROW_BROKEN
 */
export const listImages = (config: ImagesConfig, by: string | undefined, context: OpenContext): Promise<ImageLists> =>
  config.folder === undefined ? listIndex(config, by, context) : listFolders(config.folder, context);

async function listFolders(given: NonNullable<ImagesConfig['folder']>, context: OpenContext): Promise<ImageLists> {
  const { bySplit, files } = filesOf(given, context);
  const lists = SPLITS.flatMap((split) => {
    const folder = files[split];
    return folder ? [listFolder(folder.paths[0]!, context, ['images', 'folder', ...folder.key])] : [];
  });
  const listed = await Promise.all(lists);
  const present = SPLITS.filter((split) => files[split]);
  const bySplitLists = Object.fromEntries(present.map((split, i) => [split, listed[i]!]));
  return { bySplit, notes: [], file: basename(files.train!.paths[0]!), lists: { ...bySplitLists, train: listed[0]! } };
}

async function listFolder(path: string, context: OpenContext, key: readonly (string | number)[]): Promise<ImageList> {
  const folder = resolve(context.folder, path);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw fail('DATA_FILE_MISSING', { at: context.at(key), file: folder });
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const images = entries
    .filter((entry) => entry.isFile() && /\.(png|jpe?g)$/i.test(entry.name) && !entry.name.startsWith('.'))
    .map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((name) => name.includes('/'))
    .sort(byCode);
  if (images.length === 0) {
    const problem = 'it has no sub-folder with PNG or JPEG files; each class is a sub-folder.';
    throw fail('DATA_FILE_BROKEN', { file: folder, format: 'image folder', problem });
  }
  return {
    paths: images.map((name) => join(folder, name)),
    names: images.map((name) => `${basename(path)}/${name}`),
    targets: { label: { kind: 'text', values: images.map((name) => name.split('/')[0]!) } },
    table: undefined,
  };
}

async function listIndex(config: ImagesConfig, by: string | undefined, context: OpenContext): Promise<ImageLists> {
  const key = ['images', 'index'];
  const { bySplit, tables } = await readTables(config.index!, config, { context, key });
  const given = SPLITS.flatMap((split) => (tables[split] ? [tables[split]] : []));
  const targets = config.targets ?? tables.train.names.filter((name) => name !== 'path' && name !== by);
  const broken: BrokenRows | undefined =
    config.onBadRow === 'skip' ? new Map(given.map((table) => [table, new Map()])) : undefined;
  const columns = targetsIn(given, { targets, context, key: ['images', 'targets'], broken });
  const folders = filesOf(config.index!, context).files;
  const lists = SPLITS.flatMap((split) => {
    const table = tables[split];
    if (!table) return [];
    const place = columnIn(table, 'path', context, key);
    const folder = dirname(resolve(context.folder, folders[split]!.paths[0]!));
    const usable = table.rows.flatMap((_, row) => (broken?.get(table)!.has(row) ? [] : [row]));
    const rows = usable.map((row) => table.rows[row]!);
    const lines = usable.map((row) => table.lines[row]!);
    const list: ImageList = {
      names: rows.map((row, i) => `${row[place]}, ${table.file} line ${lines[i]}`),
      paths: rows.map((row) => resolve(folder, row[place]!)),
      targets: Object.fromEntries(
        Object.entries(columns[given.indexOf(table)]!).map(([name, column]) => [name, takeRows(column, usable)]),
      ),
      table: { ...table, rows, lines },
    };
    return [[split, list] as const];
  });
  const bySplitLists = Object.fromEntries(lists) as Partial<Record<Split, ImageList>>;
  const unread = (table: Table) => [...(broken?.get(table)!.keys() ?? [])].map((row) => table.lines[row]!);
  const notes = given.flatMap((table) => [...leftOut(table, table.skipped), ...leftOut(table, unread(table))]);
  return { bySplit, notes, file: tables.train.file, lists: { ...bySplitLists, train: bySplitLists.train! } };
}
