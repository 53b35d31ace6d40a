import { parse, type Info } from 'csv-parse/sync';
import { fail } from '@trunkline/protocol';
import { reasonOf } from './files.ts';

/** A csv file as text: names of its columns, the cells of every row, and on which line each row ends. */
export interface Table {
  readonly file: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly lines: readonly number[];
  /** What `lines` counts; left out: lines. */
  readonly unit?: 'row';
  /** Lines of rows that were left out. */
  readonly skipped: readonly number[];
}

/**
 * Parses csv (RFC 4180; the delimiter may be another, white space around cells does not count). The first line names the columns
 * unless `columns` does; then a first line of just these names is a header too.
 * @throws DATA_FILE_BROKEN, DATA_ROW_BROKEN (with `onBadRow: skip` such rows are left out)
 */
export function parseTable(
  bytes: Uint8Array,
  form: {
    readonly file: string;
    readonly columns?: readonly string[] | undefined;
    readonly delimiter?: string | undefined;
    readonly onBadRow?: 'stop' | 'skip' | undefined;
  },
): Table {
  const { file, columns, delimiter = ',', onBadRow = 'stop' } = form;
  const skipped: number[] = [];
  const records = recordsOf(bytes, { file, delimiter, skipped, skip: onBadRow === 'skip' });
  const first = records[0]?.record;
  const headed = columns === undefined || first?.join('\n') === columns.join('\n');
  const names = columns ?? first;
  if (names === undefined) throw fail('DATA_FILE_BROKEN', { file, format: 'csv', problem: 'it is empty.' });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw fail('DATA_FILE_BROKEN', { file, format: 'csv', problem: `two of its columns are named \`${twice}\`.` });
  }

  const rows: string[][] = [];
  const lines: number[] = [];
  for (const { record, line } of headed ? records.slice(1) : records) {
    if (record.length === names.length) {
      rows.push(record);
      lines.push(line);
    } else if (onBadRow === 'skip') {
      skipped.push(line);
    } else {
      const problem = `it has ${record.length} cells; ${names.length} columns are expected.`;
      throw fail('DATA_ROW_BROKEN', { file, line, problem });
    }
  }
  return { file, names, rows, lines, skipped: skipped.sort((a, b) => a - b) };
}

interface Line {
  readonly record: string[];
  readonly line: number;
}

/** All records with the line on which each ends. A quote that is not closed ends the reading, or costs its line alone. */
function recordsOf(
  bytes: Uint8Array,
  form: { file: string; delimiter: string; skipped: number[]; skip: boolean },
): readonly Line[] {
  const { file, delimiter, skipped, skip } = form;
  try {
    return parseText(Buffer.from(bytes), delimiter);
  } catch (cause) {
    const line = (cause as { lines?: number }).lines ?? 1;
    if (!skip) throw fail('DATA_ROW_BROKEN', { file, line, problem: `${reasonOf(cause)}.` }, cause);
  }
  return Buffer.from(bytes)
    .toString('utf8')
    .split(/\r?\n/)
    .flatMap((text, i) => {
      try {
        return parseText(text, delimiter).map(({ record }) => ({ record, line: i + 1 }));
      } catch {
        skipped.push(i + 1);
        return [];
      }
    });
}

const parseText = (text: Buffer | string, delimiter: string): Line[] =>
  parse<{ record: string[]; info: Info }>(text, {
    bom: true,
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  } as never).map(({ record, info }) => ({ record, line: info.lines }));

/** What a reader of cells takes for a gap: nothing, NaN, and the file's own text for it. */
export const isGap = (cell: string, missing: string | undefined): boolean =>
  cell === '' || cell === 'NaN' || cell === 'nan' || cell === missing;

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;

/** The number that a cell spells, ±Infinity included; undefined for any other text. */
export function numberIn(cell: string): number | undefined {
  if (DECIMAL.test(cell)) return Number(cell);
  const sign = INFINITE.exec(cell)?.[1];
  return sign === undefined ? undefined : sign === '-' ? -Infinity : Infinity;
}

/** A note on rows left out, by their lines. */
export function leftOut({ file, unit }: Pick<Table, 'file' | 'unit'>, lines: readonly number[]): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, 5).join(', ') + (lines.length > 5 ? ', ...' : '');
  return [`${file}: unusable rows left out: ${lines.length} (${unit ?? 'line'} ${shown})`];
}

/** Where a row stands, for errors: its number among the rows that count, and its line. */
export const placeIn = (table: Table, row: number, named: boolean): string =>
  `${row} (${named ? `${table.file} ` : ''}${table.unit ?? 'line'} ${table.lines[row]})`;
