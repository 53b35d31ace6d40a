import { fail } from '@trunkline/protocol';
import { isGap, numberIn, placeIn, type Table } from './csv-table.ts';
import type { OpenContext } from './files.ts';
import { byCode } from './split.ts';

/** More different texts than this in one column are taken for names or free text, not for categories. */
const MOST_CATEGORIES = 256;

/** How one column becomes inputs, learned from training rows only. */
export type ColumnCode =
  | { readonly kind: 'number'; readonly column: string; readonly mean: number; readonly deviation: number }
  | { readonly kind: 'category'; readonly column: string; readonly values: readonly string[] };

/**
 * Learns the code of each column from the training rows. Numbers: mean and standard deviation (of the population) of those that are
 * there; a constant or wholly missing column has deviation 0. Categories: the values that are there, by UTF-16 code units.
 * @throws CONFIG_INVALID for a column of more than 256 different texts that is not listed as categorical
 */
export function learnCodes(
  table: Table,
  rows: ArrayLike<number>,
  form: {
    columns: readonly string[];
    categorical: readonly string[];
    missing: string | undefined;
    context: OpenContext;
    /** The source's key below `data`. */
    kind: string;
  },
): ColumnCode[] {
  return form.columns.map((column) => {
    const place = table.names.indexOf(column);
    const cells = Array.from(rows, (row) => table.rows[row]![place]!).filter((cell) => !isGap(cell, form.missing));
    const listed = form.categorical.includes(column);
    const numbers = cells.map(numberIn);
    if (!listed && numbers.every((value) => value !== undefined)) {
      return { kind: 'number', column, ...momentsOf(numbers.filter(Number.isFinite)) };
    }
    const values = [...new Set(cells)].sort(byCode);
    if (listed || values.length <= MOST_CATEGORIES) return { kind: 'category', column, values };
    throw fail('CONFIG_INVALID', {
      at: form.context.at([form.kind]),
      key: form.kind,
      problem: `the column \`${column}\` of ${table.file} holds ${values.length} different texts.`,
      remedy: 'List it under `drop`; or under `categorical`, if each of them is a category.',
    });
  });
}

function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const constant = values.every((value) => value === values[0]);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (constant) return { mean: values[0] ?? 0, deviation: 0 };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** A table in code: columns of numbers standardised, of categories as places in their list, −1 for none of them. */
export interface CodedTable {
  readonly width: number;
  /** Rows that hold a text or an infinite number where training has finite numbers. */
  readonly broken: readonly { readonly row: number; readonly error: Error }[];
  /** Texts that no training row has, by column, each with its number of rows among `rows`. */
  readonly unseen: (rows: ArrayLike<number>) => Map<string, Map<string, number>>;
  readonly write: (row: number, into: Float32Array, at: number) => void;
}

/** Applies codes to a table. A gap is 0: the mean of a number, no category at all. @throws nothing: see `broken` */
export function encodeTable(table: Table, codes: readonly ColumnCode[], missing: string | undefined): CodedTable {
  const broken: { row: number; error: Error }[] = [];
  const coded = codes.map((code) => {
    const place = table.names.indexOf(code.column);
    const index = code.kind === 'category' ? new Map(code.values.map((value, i) => [value, i])) : undefined;
    const values = index ? new Int32Array(table.rows.length) : new Float32Array(table.rows.length);
    const strange = new Map<number, string>();
    for (const [r, row] of table.rows.entries()) {
      const cell = row[place]!;
      const gap = isGap(cell, missing);
      if (index) {
        values[r] = gap ? -1 : (index.get(cell) ?? -1);
        if (!gap && values[r] === -1) strange.set(r, cell);
      } else if (!gap) {
        const found = standardise(cell, code as ColumnCode & { kind: 'number' });
        if (Number.isFinite(found)) values[r] = found;
        else broken.push({ row: r, error: cellError(table, r, code.column, cell) });
      }
    }
    return { code, values, strange, width: code.kind === 'category' ? code.values.length : 1 };
  });
  return {
    width: coded.reduce((sum, { width }) => sum + width, 0),
    broken,
    unseen(rows) {
      const found = coded.map(({ code, strange }) => {
        const counts = new Map<string, number>();
        for (const value of Array.from(rows, (row) => strange.get(row))) {
          if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
        }
        return [code.column, counts] as const;
      });
      return new Map(found.filter(([, counts]) => counts.size > 0));
    },
    write(row, into, at) {
      let place = at;
      for (const { code, values, width } of coded) {
        const value = values[row]!;
        if (code.kind === 'number') into[place] = value;
        else if (value >= 0) into[place + value] = 1;
        place += width;
      }
    },
  };
}

/** NaN for a text, ±Infinity as it is; 0 for any number of a column that is constant in training. */
function standardise(cell: string, { mean, deviation }: { mean: number; deviation: number }): number {
  const value = numberIn(cell);
  if (value === undefined || !Number.isFinite(value)) return value ?? NaN;
  return deviation === 0 ? 0 : Math.fround((value - mean) / deviation);
}

function cellError(table: Table, row: number, column: string, cell: string): Error {
  const { file } = table;
  if (numberIn(cell) !== undefined) {
    return fail('DATA_NOT_FINITE', { file, array: column, row: placeIn(table, row, false), found: cell });
  }
  const problem = `\`${column}\` holds "${cell}"; in the training rows it holds numbers only.`;
  return fail('DATA_ROW_BROKEN', { file, line: table.lines[row]!, problem });
}
