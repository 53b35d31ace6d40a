import { basename } from 'node:path';
import { fail } from '@trunkline/protocol';
import { sourceOf, type Block, type Part } from './block.ts';
import { encodeTable, learnCodes, type CodedTable } from './csv-encoder.ts';
import { leftOut, parseTable, placeIn, type Table } from './csv-table.ts';
import { columnIn, targetList, targetsIn, type BrokenRows } from './csv-targets.ts';
import { divide } from './divide.ts';
import { filesOf, readBytes, type OpenContext, type Path } from './files.ts';
import type { CsvConfig, SplitConfig } from './schema.ts';
import { strayText } from './stray-text.ts';
import { SPLITS, type Source, type Split } from './source.ts';

interface TableBlock extends Block {
  readonly table: Table;
}

/** Opens csv files as a source. @throws as `openTable` does */
export const openCsv = (config: CsvConfig, split: SplitConfig | undefined, context: OpenContext): Promise<Source> =>
  openTable(config, split, { kind: 'csv', parse: parseTable, context });

/** How a kind of file becomes a table of texts. */
export interface TableKind {
  /** Its key below `data`. */
  readonly kind: 'csv' | 'parquet';
  readonly parse: ParseTable;
  readonly context: OpenContext;
}
type TableForm = Pick<CsvConfig, 'columns' | 'delimiter' | 'drop' | 'onBadRow'>;
type ParseTable = (bytes: Uint8Array, form: TableForm & { readonly file: string }) => Table | Promise<Table>;

/**
 * Opens a table as a source: every column but targets and dropped ones is an input; numbers are standardised, texts become one
 * input a category, all by the training rows alone. What was left out or never seen in training is said in `notes`.
 * @throws DATA_FILE_MISSING, DATA_FILE_BROKEN, DATA_COLUMN_MISSING, DATA_ROW_BROKEN, DATA_NOT_FINITE, DATA_SPLIT_EMPTY, CONFIG_INVALID
 */
export async function openTable(config: CsvConfig, split: SplitConfig | undefined, how: TableKind): Promise<Source> {
  const { kind, context, parse } = how;
  const { bySplit, tables } = await readTables(config.file, config, { context, key: [kind, 'file'], parse });
  const given = Object.values(tables);
  const columns = inputColumns(config, given, how);
  const { missing, categorical = [], onBadRow = 'stop' } = config;
  const unread: BrokenRows | undefined =
    onBadRow === 'skip' ? new Map(given.map((table) => [table, new Map()])) : undefined;
  const asked = { targets: config.targets, missing, context, key: [kind, 'targets'], broken: unread };
  const targets = targetsIn(given, asked);
  const blockOf = (table: Table): TableBlock => ({
    table,
    size: table.rows.length,
    targets: targets[given.indexOf(table)]!,
    place: (row) => placeIn(table, row, bySplit),
    inputs: () => new Float32Array(),
  });
  const blocks = Object.fromEntries(
    SPLITS.flatMap((which) => (tables[which] ? [[which, blockOf(tables[which])]] : [])),
  );
  const { file } = tables.train;
  const { parts, notes } = divide(
    { ...blocks, train: blocks.train! },
    {
      bySplit,
      config: split,
      file,
      context,
      keys: ({ table }, column) => {
        const place = columnIn(table, column, context, ['split']);
        return table.rows.map((row) => row[place]!);
      },
    },
  );

  const codes = learnCodes(parts.train.block.table, parts.train.rows, {
    columns,
    categorical,
    missing,
    context,
    kind,
  });
  const coded = new Map(given.map((table) => [table, encodeTable(table, codes, missing)]));
  const width = coded.get(tables.train)!.width;
  if (width === 0) {
    const remedy = 'Take columns out of `drop` or `targets`.';
    throw fail('CONFIG_INVALID', {
      at: context.at([kind]),
      key: kind,
      problem: 'no column is left as input.',
      remedy,
    });
  }
  const made = SPLITS.map((which) => encodedPart(which, parts[which], { coded, unread, onBadRow, how }));
  const [train, validation, test] = made.map(({ part }) => part);
  const stray = given.flatMap((table) =>
    targetList(config.targets).flatMap(([, columns]) => {
      const found = columns.length === 1 ? strayText(table, columns[0]!, missing) : undefined;
      return found === undefined ? [] : [`${found}: the target is read as texts; correct them if numbers are meant`];
    }),
  );
  const skipped = given.flatMap((table) => leftOut(table, table.skipped));
  return sourceOf({
    file,
    inputShape: [width],
    parts: { train: train!, validation: validation!, test: test! },
    notes: [...new Set([...notes, ...stray, ...skipped, ...made.flatMap((of) => of.notes)])],
  });
}

/** The tables of the splits that have a file. */
export async function readTables(
  files: CsvConfig['file'],
  form: TableForm,
  { context, key, parse = parseTable }: { context: OpenContext; key: Path; parse?: ParseTable },
): Promise<{ bySplit: boolean; tables: Partial<Record<Split, Table>> & { readonly train: Table } }> {
  const found = filesOf(files, context);
  const tables = await Promise.all(
    SPLITS.flatMap((split) => {
      const file = found.files[split];
      if (!file) return [];
      const path = file.paths[0]!;
      return [
        readBytes(path, context, [...key, ...file.key]).then(async (bytes) => {
          const { columns, delimiter, drop, onBadRow } = form;
          return [split, await parse(bytes, { file: basename(path), columns, delimiter, drop, onBadRow })] as const;
        }),
      ];
    }),
  );
  const bySplit = Object.fromEntries(tables) as Partial<Record<Split, Table>>;
  return { bySplit: found.bySplit, tables: { ...bySplit, train: bySplit.train! } };
}

/** All columns but targets and dropped ones, each of them in every table. @throws DATA_COLUMN_MISSING */
function inputColumns(config: CsvConfig, tables: readonly Table[], { kind, context }: TableKind): string[] {
  const { drop = [], categorical = [] } = config;
  for (const [key, names] of Object.entries({ drop, categorical })) {
    for (const [i, name] of names.entries()) columnIn(tables[0]!, name, context, [kind, key, i]);
  }
  const used = new Set([...drop, ...targetList(config.targets).flatMap(([, columns]) => columns)]);
  const columns = tables[0]!.names.filter((name) => !used.has(name));
  for (const table of tables) for (const column of columns) columnIn(table, column, context, [kind, 'file']);
  return columns;
}

/** A split in code, without the rows that cannot be read as the training rows are. */
function encodedPart(
  split: Split,
  { block, rows }: Part<TableBlock>,
  form: { coded: Map<Table, CodedTable>; unread: BrokenRows | undefined; onBadRow: 'stop' | 'skip'; how: TableKind },
): { part: Part; notes: string[] } {
  const { table } = block;
  const { width, write, broken, unseen } = form.coded.get(table)!;
  const wrong = new Map([...broken.map(({ row, error }) => [row, error] as const), ...(form.unread?.get(table) ?? [])]);
  const bad = rows.filter((row) => wrong.has(row));
  if (bad.length > 0 && form.onBadRow === 'stop') throw wrong.get(bad[0]!)!;
  const kept = rows.filter((row) => !wrong.has(row));
  if (kept.length === 0) {
    const remedy = 'None of its rows can be used: correct them.';
    throw fail('DATA_SPLIT_EMPTY', {
      at: form.how.context.at([form.how.kind, 'file']),
      split,
      file: table.file,
      remedy,
    });
  }
  const inputs = (wanted: Uint32Array) => {
    const out = new Float32Array(wanted.length * width);
    for (let i = 0; i < wanted.length; i++) write(wanted[i]!, out, i * width);
    return out;
  };
  const notes = [
    ...leftOut(
      table,
      Array.from(bad, (row) => table.lines[row]!),
    ),
    ...neverSeen(table.file, split, unseen(kept)),
  ];
  return {
    part: {
      block: { size: block.size, targets: block.targets, place: block.place.bind(block), inMemory: true, inputs },
      rows: kept,
    },
    notes,
  };
}

function neverSeen(file: string, split: Split, unseen: Map<string, Map<string, number>>): string[] {
  return [...unseen].map(([column, counts]) => {
    const rows = [...counts.values()].reduce((a, b) => a + b, 0);
    const shown = [...counts.keys()].slice(0, 5).join(', ') + (counts.size > 5 ? ', ...' : '');
    return `${file}: \`${column}\` has a value that no training row has, read as none, in ${split} rows: ${rows} (${shown})`;
  });
}
