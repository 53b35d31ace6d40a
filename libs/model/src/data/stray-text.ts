import { isGap, numberIn, type Table } from './csv-table.ts';

/** At least so many numbers for each text make a column one of numbers with a mistake in it, rather than one of names. */
const NUMBERS_A_TEXT = 9;

/**
 * What is odd about a column that is texts for the sake of a few cells only: the first of them, where it stands, and how many there are, as a
 * sentence. Undefined: it is all numbers, or texts in earnest.
 */
export function strayText(table: Table, column: string, missing: string | undefined): string | undefined {
  const place = table.names.indexOf(column);
  const cells = table.rows.flatMap((row, r) => (isGap(row[place]!, missing) ? [] : [{ cell: row[place]!, row: r }]));
  const texts = cells.filter(({ cell }) => numberIn(cell) === undefined);
  const [first] = texts;
  const numbers = cells.length - texts.length;
  if (!first || numbers < texts.length * NUMBERS_A_TEXT) return undefined;
  const others = texts.length === 1 ? '' : `, and ${texts.length - 1} more cells are texts`;
  return `${table.file}: \`${column}\` holds "${first.cell}" in ${table.unit ?? 'line'} ${table.lines[first.row]}${others}; the other ${numbers} are numbers`;
}
