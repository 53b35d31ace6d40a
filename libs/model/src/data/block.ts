import { fail } from '@trunkline/protocol';
import { sizeOf, type Shape } from '../layout.ts';
import type { Column, Rows, Source, Split } from './source.ts';

/** Rows as they stand in one set of files, before they are told apart into splits. */
export interface Block {
  readonly size: number;
  readonly targets: Readonly<Record<string, Column>>;
  /** Inputs of some rows, [rows.length, ...inputShape] flat. */
  inputs(rows: Uint32Array): Float32Array | Promise<Float32Array>;
  /** `inputs` reads and decodes nothing: all is there. */
  readonly inMemory?: boolean;
  /** Where a row, or its entry in a target, stands, for errors. */
  place(row: number, target?: string): string;
}

/** A split: some rows of a block. */
export interface Part<B extends Block = Block> {
  readonly block: B;
  readonly rows: Uint32Array;
}

export interface Parts<B extends Block = Block> {
  readonly parts: Readonly<Record<Split, Part<B>>>;
  readonly notes: readonly string[];
}

/** Some rows of a column. */
export function takeRows(column: Column, rows: ArrayLike<number>): Column {
  if (column.kind === 'text') return { kind: 'text', values: Array.from(rows, (row) => column.values[row]!) };
  const width = sizeOf(column.shape);
  const values = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    values.set(column.values.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  }
  return { kind: 'number', shape: column.shape, values };
}

/** A source over split blocks. `notes` may grow while rows are read. */
export function sourceOf(made: {
  readonly file: string;
  readonly inputShape: Shape;
  readonly parts: Readonly<Record<Split, Part>>;
  readonly notes: readonly string[];
}): Source {
  const { file, inputShape, parts, notes } = made;
  const targets = Object.entries(parts.train.block.targets).map(([name, column]) => [
    name,
    { kind: column.kind, shape: column.kind === 'text' ? [] : column.shape },
  ]);
  const rowsOf = (split: Split, rows: ArrayLike<number>) => {
    const part = parts[split];
    return Uint32Array.from(rows, (row) => {
      const found = part.rows[row];
      if (found === undefined) {
        throw fail('UNEXPECTED', { what: `${file}: row ${row} of the ${split} split was asked for.` });
      }
      return found;
    });
  };
  return {
    file,
    inputShape,
    notes,
    inMemory: parts.train.block.inMemory ?? false,
    targets: Object.fromEntries(targets) as Source['targets'],
    sizes: { train: parts.train.rows.length, validation: parts.validation.rows.length, test: parts.test.rows.length },
    place: (split, row, target) => parts[split].block.place(rowsOf(split, [row])[0]!, target),
    async read(split, rows): Promise<Rows> {
      const { block } = parts[split];
      const found = rowsOf(split, rows);
      const inputs = await block.inputs(found);
      const columns = Object.entries(block.targets).map(([name, column]) => [name, takeRows(column, found)]);
      return { size: found.length, inputs, targets: Object.fromEntries(columns) as Rows['targets'] };
    },
    async column(split, target) {
      const column = parts[split].block.targets[target];
      if (column === undefined) throw fail('UNEXPECTED', { what: `${file}: there is no target ${target}.` });
      return takeRows(column, parts[split].rows);
    },
  };
}
