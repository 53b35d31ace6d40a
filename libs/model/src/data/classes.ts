import { fail } from '@trunkline/protocol';
import type { Column } from './source.ts';
import { byCode } from './split.ts';

const isMissing = (value: number | string) =>
  typeof value === 'number' ? Number.isNaN(value) || value === -1 : value === '' || value === '-1' || value === 'NaN';

const labelsOf = (column: Column): readonly (number | string)[] =>
  column.kind === 'text' ? column.values : Array.from(column.values);

/** The distinct labels of a training column of one value a row, in name order: numbers by size, texts by UTF-16 code units. */
export function classesOf(column: Column): string[] {
  const distinct = new Set(labelsOf(column).filter((value) => !isMissing(value)));
  const numeric = column.kind === 'number';
  return [...distinct].map(String).sort(numeric ? (a, b) => Number(a) - Number(b) : byCode);
}

/** What errors of `classIndices` say, and how integers are to be read. */
export interface ClassContext {
  readonly file: string;
  /** The target's name. */
  readonly array: string;
  /** Where a row stands, default its number. */
  readonly place?: (row: number) => string;
  /** `classes` come from the training data, not from the client file: an integer that is no class is then never an index. */
  readonly fromData?: boolean;
}

/**
 * The class of every row as an index into `classes`, NaN where the label is missing: a value equal to a class name is that class;
 * −1, NaN and '' are missing; only otherwise is an integer an index.
 * @throws DATA_LABEL_RANGE
 */
export function classIndices(column: Column, classes: readonly string[], context: ClassContext): Float32Array {
  const index = new Map(classes.map((name, i) => [name, i]));
  return Float32Array.from(labelsOf(column), (value, row) => {
    const named = index.get(String(value));
    if (named !== undefined) return named;
    if (isMissing(value)) return NaN;
    const number = Number(value);
    if (!context.fromData && Number.isInteger(number) && number >= 0 && number < classes.length) return number;
    throw fail('DATA_LABEL_RANGE', {
      file: context.file,
      array: context.array,
      row: context.place?.(row) ?? row,
      found: String(value),
      expected: classes.length <= 20 ? classes.join(', ') : `${classes.slice(0, 20).join(', ')}, ...`,
    });
  });
}
