import { basename } from 'node:path';
import { fail } from '@trunkline/protocol';
import { nearestFirst } from '../config/nearest.ts';
import { numberIn, parseTable, type Table } from './csv-table.ts';
import { strayText } from './stray-text.ts';

/** How a table can be read as a task, guessed from its cells. */
export interface Proposal {
  /** Left out: a comma. */
  readonly delimiter: ';' | '\t' | undefined;
  /** The text that stands for a gap in columns of numbers; undefined: none does. */
  readonly missing: string | undefined;
  readonly target: string;
  readonly head: 'binary' | 'classify' | 'regress';
  /** Columns that tell rows apart rather than say something of them. */
  readonly drop: readonly string[];
  readonly rows: number;
  /** What was guessed and why, a sentence each. */
  readonly reasons: readonly string[];
}

/** Different texts or whole numbers of a target that are still taken for classes. */
const MOST_CLASSES = 20;
/** As learnCodes: more texts than this in a column are no categories. */
const MOST_CATEGORIES = 256;
/** Texts that people write where there is no number. */
const GAPS = ['?', 'NA', 'N/A', 'n/a', 'na', 'null', 'NULL', 'None', '-', '.'];

/**
 * Proposes how to read a csv table with a header as a task. The target is the given column, else the last one that is not dropped.
 * @param bytes of the file, unpacked
 * @throws DATA_FILE_BROKEN, DATA_ROW_BROKEN, USAGE for a target that the table has not, or that is no target
 */
export function proposeTable(
  bytes: Uint8Array,
  { file, target }: { file: string; target?: string | undefined },
): Proposal {
  const name = basename(file);
  const delimiter = delimiterOf(bytes);
  const table = parseTable(bytes, { file: name, delimiter });
  if (table.rows.length < 10)
    throw wrong(`${name} has ${table.rows.length} rows; a task needs at least 10.`, 'Give a table with more rows.');
  if (target !== undefined && !table.names.includes(target))
    throw wrong(`${name} has no column ${target}.`, `Name one with --target: ${nearestFirst(target, table.names)}.`);
  const missing = missingText(table);
  const columns = table.names.map((column) => ({ column, cells: cellsOf(table, column, missing) }));
  const apart = columns.filter(({ column, cells }) => column !== target && tellsApart(column, cells));
  const strays = new Map(table.names.map((column) => [column, strayText(table, column, missing)]));
  // A column of numbers with a mistake in it may well be the target: it is named, not passed over.
  const passed = new Set(apart.filter(({ column }) => !strays.get(column)).map(({ column }) => column));
  const chosen = target ?? table.names.filter((column) => !passed.has(column)).at(-1);
  const drop = apart.flatMap(({ column }) => (column === chosen ? [] : [column]));
  if (chosen === undefined) throw wrong(`No column of ${name} can be a target.`, 'Name one with --target.');
  const cells = columns.find(({ column }) => column === chosen)!.cells;
  const stray = strays.get(chosen);
  const head = headFor(chosen, cells, stray);
  const named = delimiter === '\t' ? 'tabs' : `\`${delimiter}\``;
  return {
    delimiter: delimiter === ',' ? undefined : delimiter,
    missing,
    target: chosen,
    head,
    drop,
    rows: table.rows.length,
    reasons: [
      `${name}: ${table.rows.length} rows of ${table.names.length} columns, separated by ${named}`,
      ...(missing === undefined ? [] : [`\`${missing}\` stands for a gap`]),
      ...drop.map((column) => `\`${column}\` is left out: ${strays.get(column) ?? 'it is another in every row'}`),
      `\`${chosen}\` is the target${target === undefined ? ', for it is the last column' : ''}: ${new Set(cells).size} different values, head \`${head}\``,
      ...(stray === undefined ? [] : [`${stray}: correct them if numbers are meant`]),
    ],
  };
}

const wrong = (what: string, remedy: string) => fail('USAGE', { what, remedy });

/** The one that the header has most of. */
function delimiterOf(bytes: Uint8Array): ',' | ';' | '\t' {
  const header = new TextDecoder().decode(bytes.subarray(0, 65_536)).split('\n', 1)[0]!;
  const count = (text: string) => header.split(text).length;
  return ([',', ';', '\t'] as const).reduce((most, one) => (count(one) > count(most) ? one : most), ',');
}

/** The usual text for a gap that stands in columns which are otherwise numbers; of several the most frequent. */
function missingText(table: Table): string | undefined {
  const counts = GAPS.map((gap) => {
    const inNumbers = table.names.filter((_, place) => {
      const others = table.rows.map((row) => row[place]!).filter((cell) => cell !== '' && !GAPS.includes(cell));
      return others.length > 0 && others.every((cell) => numberIn(cell) !== undefined);
    });
    const places = inNumbers.map((column) => table.names.indexOf(column));
    const count = table.rows.reduce((sum, row) => sum + places.filter((place) => row[place] === gap).length, 0);
    return { gap, count };
  });
  const most = counts.reduce((best, one) => (one.count > best.count ? one : best));
  return most.count > 0 ? most.gap : undefined;
}

/** A column's cells that are no gaps. */
const cellsOf = (table: Table, column: string, missing: string | undefined): string[] => {
  const place = table.names.indexOf(column);
  return table.rows.map((row) => row[place]!).filter((cell) => cell !== '' && cell !== missing);
};

/** Free text or names; or a number that counts the rows and is named so. */
function tellsApart(column: string, cells: readonly string[]): boolean {
  const different = new Set(cells).size;
  const text = cells.some((cell) => numberIn(cell) === undefined);
  if (text) return different > MOST_CATEGORIES || (different === cells.length && different > MOST_CLASSES);
  return different === cells.length && /(^|[_\s-])(id|index|no|nr|row|key)$|^$/i.test(column);
}

function headFor(target: string, cells: readonly string[], stray: string | undefined): Proposal['head'] {
  const different = new Set(cells);
  if (different.size < 2)
    throw wrong(
      `The column ${target} has one value only: nothing is to be learned from it.`,
      'Name another with --target.',
    );
  const numbers = [...different].map(numberIn);
  if (numbers.some((value) => value === undefined)) {
    if (different.size === 2) return 'binary';
    if (different.size <= MOST_CLASSES) return 'classify';
    if (stray !== undefined) throw wrong(`${stray}.`, 'Correct the texts, or name another column with --target.');
    throw wrong(
      `The column ${target} has ${different.size} different texts: too many to be classes.`,
      'Name another with --target.',
    );
  }
  if (different.size === 2 && numbers.every((value) => value === 0 || value === 1)) return 'binary';
  return different.size <= MOST_CLASSES / 2 && numbers.every(Number.isInteger) ? 'classify' : 'regress';
}
