import { fail } from '@trunkline/protocol';
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

/**
 * The targets of tables of one source, table by table. One column is numbers if all its cells are, in all tables, else texts;
 * several are always numbers. A gap is a missing label.
 * @throws DATA_COLUMN_MISSING, DATA_ROW_BROKEN, DATA_NOT_FINITE
 */
export function targetsIn(
  tables: readonly Table[],
  form: { targets: TargetColumns; missing?: string | undefined; context: OpenContext; key: Path },
): Record<string, Column>[] {
  const { missing, context, key } = form;
  const made: Record<string, Column>[] = tables.map(() => ({}));
  for (const [target, columns] of targetList(form.targets)) {
    const places = tables.map((table) => columns.map((column) => columnIn(table, column, context, key)));
    const text = columns.length === 1 && tables.some((table, t) => isText(table, places[t]![0]!, missing));
    for (const [t, table] of tables.entries()) {
      made[t]![target] = text
        ? { kind: 'text', values: table.rows.map((row) => textAt(row[places[t]![0]!]!, missing)) }
        : numbers(table, places[t]!, missing);
    }
  }
  return made;
}

const textAt = (cell: string, missing: string | undefined) => (isGap(cell, missing) ? '' : cell);

const isText = (table: Table, place: number, missing: string | undefined) =>
  table.rows.some((row) => !isGap(row[place]!, missing) && numberIn(row[place]!) === undefined);

function numbers(table: Table, places: readonly number[], missing: string | undefined): Column {
  const width = places.length;
  const values = new Float32Array(table.rows.length * width);
  for (const [r, row] of table.rows.entries()) {
    for (const [i, place] of places.entries()) {
      const cell = row[place]!;
      const value = isGap(cell, missing) ? NaN : numberIn(cell);
      const column = table.names[place]!;
      if (value === undefined) {
        const problem = `\`${column}\` holds "${cell}"; a number is expected.`;
        throw fail('DATA_ROW_BROKEN', { file: table.file, line: table.lines[r]!, problem });
      }
      if (Math.abs(Math.fround(value)) === Infinity) {
        throw fail('DATA_NOT_FINITE', { file: table.file, array: column, row: placeIn(table, r, false), found: cell });
      }
      values[r * width + i] = value;
    }
  }
  return { kind: 'number', shape: width === 1 ? [] : [width], values };
}
