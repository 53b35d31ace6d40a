import { fail } from '@trunkline/protocol';
import { sizeOf, type Shape } from '../layout.ts';
import { randomStream } from '../random.ts';
import { takeRows } from './block.ts';
import { replayed } from './replay.ts';
import { SPLITS, type Column, type Loader, type Rows, type Source, type Split } from './source.ts';

/** What a client module gives as `data.loader`. */
export interface LoaderData {
  /** One row's input, without the batch axis. */
  readonly inputShape: Shape;
  /**
   * Batches of a split, by round; or a plain async iterator of them, which is opened anew whenever an earlier round is asked for.
   * Validation and test need an end: a loader's `size`, or the iterator's own.
   */
  open(split: Split): Loader | AsyncIterable<Rows> | Promise<Loader | AsyncIterable<Rows>>;
}

/** Rows a call while a split is read as a whole. */
const AT_ONCE = 256;
/** Training rows whose labels are looked at where the loader does not say how many there are. */
const LOOKED_AT = 1024;

/**
 * Opens a loader as a source. Validation and test are read once and kept; of training only the labels of its first rows are, to know
 * classes and counts. Training batches come from the loader itself, round by round.
 * @throws DATA_LOADER, DATA_SPLIT_EMPTY
 */
export async function openLoader(data: LoaderData, at: string): Promise<Source> {
  const notes: string[] = [];
  const kept = {} as Record<Split, Rows>;
  let train: Loader | undefined;
  let iterated = false;
  for (const split of SPLITS) {
    const given = await data.open(split);
    const reopen = async () => (await data.open(split)) as AsyncIterable<Rows>;
    const loader = isLoader(given) ? given : replayed(given, { reopen, endless: false });
    if (split === 'train') {
      iterated = !isLoader(given);
      train = isLoader(given) ? given : replayed(await reopen(), { reopen, endless: true });
      if (iterated)
        notes.push('the training data are a plain iterator: to go back to round r, its first r batches are read again');
    }
    const wanted = loader.size ?? (split === 'train' ? LOOKED_AT : undefined);
    kept[split] = await readWhole(loader, { wanted, split, data, at });
    if (kept[split].size === 0) {
      throw fail('DATA_SPLIT_EMPTY', { at, split, file: 'the loader', remedy: 'Let it give rows for this split.' });
    }
  }
  if (train!.size === undefined) {
    notes.push(`the loader does not say its size: labels of the first ${kept.train.size} training rows stand for all`);
  }
  const described = Object.entries(kept.train.targets).map(([name, column]) => {
    return [name, { kind: column.kind, shape: column.kind === 'number' ? column.shape : [] }] as const;
  });
  return {
    inputShape: data.inputShape,
    targets: Object.fromEntries(described),
    sizes: { train: kept.train.size, validation: kept.validation.size, test: kept.test.size },
    file: 'the loader',
    notes,
    read: (split, rows) => Promise.resolve(pick(kept[split], rows, sizeOf(data.inputShape))),
    column: (split, target) => Promise.resolve(kept[split].targets[target]!),
    batch: async (request) => checked(await train!.batch(request), data, at),
    oneBatchARound: iterated,
  };
}

const isLoader = (given: Loader | AsyncIterable<Rows>): given is Loader => 'batch' in given;

async function readWhole(
  loader: Loader,
  { wanted, split, data, at }: { wanted: number | undefined; split: Split; data: LoaderData; at: string },
): Promise<Rows> {
  const parts: Rows[] = [];
  let size = 0;
  for (let round = 0; wanted === undefined || size < wanted; round++) {
    const rows = Math.min(AT_ONCE, (wanted ?? Infinity) - size);
    const random = randomStream(0, 'loader', split, round);
    const part = checked(await loader.batch({ round, size: rows, random }), data, at);
    if (part.size === 0) break;
    parts.push(part);
    size += part.size;
  }
  return joined(parts);
}

/** @throws DATA_LOADER for a batch whose parts do not have its number of rows */
function checked(batch: Rows, { inputShape }: LoaderData, at: string): Rows {
  const expected = batch.size * sizeOf(inputShape);
  if (batch.inputs.length !== expected) {
    throw fail('DATA_LOADER', {
      at,
      problem: `a batch of ${batch.size} rows has ${batch.inputs.length} inputs.`,
      expected,
    });
  }
  for (const [name, column] of Object.entries(batch.targets)) {
    const values = batch.size * (column.kind === 'number' ? sizeOf(column.shape) : 1);
    if (column.values.length === values) continue;
    const problem = `a batch of ${batch.size} rows has ${column.values.length} values of \`${name}\`.`;
    throw fail('DATA_LOADER', { at, problem, expected: values });
  }
  return batch;
}

function joined(parts: readonly Rows[]): Rows {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const inputs = new Float32Array(parts.reduce((sum, part) => sum + part.inputs.length, 0));
  let used = 0;
  for (const part of parts) {
    inputs.set(part.inputs, used);
    used += part.inputs.length;
  }
  const names = Object.keys(parts[0]?.targets ?? {});
  const targets = names.map((name) => [name, joinedColumn(parts.map((part) => part.targets[name]!))] as const);
  return { size, inputs, targets: Object.fromEntries(targets) };
}

function joinedColumn(columns: readonly Column[]): Column {
  const [first] = columns as readonly [Column];
  if (first.kind === 'text')
    return { kind: 'text', values: columns.flatMap(({ values }) => [...(values as string[])]) };
  const values = Float32Array.from(columns.flatMap((column) => [...(column.values as Float32Array)]));
  return { kind: 'number', shape: first.shape, values };
}

function pick(from: Rows, rows: readonly number[] | Uint32Array, width: number): Rows {
  const inputs = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    inputs.set(from.inputs.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  const targets = Object.entries(from.targets).map(([name, column]) => [name, takeRows(column, [...rows])] as const);
  return { size: rows.length, inputs, targets: Object.fromEntries(targets) };
}
