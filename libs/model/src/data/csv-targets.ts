import { fail, type TrunklineError } from '@trunkline/protocol';
import { isGap, numberIn, placeIn, type Table } from './csv-table.ts';
import type { OpenContext, Path } from './files.ts';
import type { Column } from './source.ts';

/** Targets of a table: columns by their own names, or several columns under one name. */
export type TargetColumns = readonly string[] | Readonly<Record<string, string | readonly string[]>>;

/** A target's name and the columns it is made of. */
export const targetList = (targets: TargetColumns): readonly (readonly [string, readonly string[]])[] =>
  Array.isArray(targets)
    ? (targets as readonly string[]).map((name) => [name, [name]] as const)
    : Object.entries(targets).map(([name, columns]) => [name, typeof columns === 'string' ? [columns] : columns]);

/** A column's place. @throws DATA_COLUMN_MISSING */
export function columnIn(table: Table, column: string, context: OpenContext, key: Path): number {
  const place = table.names.indexOf(column);
  if (place >= 0) return place;
  throw fail('DATA_COLUMN_MISSING', { at: context.at(key), file: table.file, column, known: table.names.join(', ') });
}

/** Rows of tables that cannot be read, and what is wrong with each. */
export type BrokenRows = ReadonlyMap<Table, Map<number, TrunklineError>>;

/**
 * The targets of tables of one source, table by table. One column is numbers if all its cells are, in all tables, else texts;
 * several are always numbers. A gap is a missing label. Rows that cannot be read are noted in `broken`, where it is given, as not labelled.
 * @throws DATA_COLUMN_MISSING, DATA_ROW_BROKEN, DATA_NOT_FINITE
 */
export function targetsIn(
  tables: readonly Table[],
  form: {
    targets: TargetColumns;
    missing?: string | undefined;
    context: OpenContext;
    key: Path;
    broken?: BrokenRows | undefined;
  },
): Record<string, Column>[] {
  const { missing, context, key, broken } = form;
  const made: Record<string, Column>[] = tables.map(() => ({}));
  for (const [target, columns] of targetList(form.targets)) {
    const places = tables.map((table) => columns.map((column) => columnIn(table, column, context, key)));
    const text = columns.length === 1 && tables.some((table, t) => isText(table, places[t]![0]!, missing));
    for (const [t, table] of tables.entries()) {
      made[t]![target] = text
        ? { kind: 'text', values: table.rows.map((row) => textAt(row[places[t]![0]!]!, missing)) }
        : numbers(table, places[t]!, { missing, broken: broken?.get(table) });
    }
  }
  return made;
}

const textAt = (cell: string, missing: string | undefined) => (isGap(cell, missing) ? '' : cell);

const isText = (table: Table, place: number, missing: string | undefined) =>
  table.rows.some((row) => !isGap(row[place]!, missing) && numberIn(row[place]!) === undefined);

function numbers(
  table: Table,
  places: readonly number[],
  { missing, broken }: { missing: string | undefined; broken: Map<number, TrunklineError> | undefined },
): Column {
  const width = places.length;
  const values = new Float32Array(table.rows.length * width);
  for (const [r, row] of table.rows.entries()) {
    for (const [i, place] of places.entries()) {
      const cell = row[place]!;
      const value = isGap(cell, missing) ? NaN : numberIn(cell);
      const error = faultOf(table, r, { column: table.names[place]!, cell, value });
      if (error && !broken) throw error;
      if (error) broken!.set(r, error);
      values[r * width + i] = error ? NaN : value!;
    }
  }
  return { kind: 'number', shape: width === 1 ? [] : [width], values };
}

function faultOf(
  table: Table,
  row: number,
  { column, cell, value }: { column: string; cell: string; value: number | undefined },
): TrunklineError | undefined {
  const { file } = table;
  if (value === undefined) {
    const problem = `\`${column}\` holds "${cell}"; a number is expected.`;
    return fail('DATA_ROW_BROKEN', { file, line: table.lines[row]!, problem });
  }
  if (Math.abs(Math.fround(value)) !== Infinity) return undefined;
  return fail('DATA_NOT_FINITE', { file, array: column, row: placeIn(table, row, false), found: cell });
}
