import { fail } from '@trunkline/protocol';
import type { Block, Parts } from './block.ts';
import type { OpenContext } from './files.ts';
import type { SplitConfig } from './schema.ts';
import { SPLITS, type Column, type Split } from './source.ts';
import { splitRows, type Fractions } from './split.ts';
import { sizeOf } from '../layout.ts';

/**
 * Makes the three splits from the blocks that the files give. A split that has no block of its own is taken from the
 * training block: all of it where there is only that one (`bySplit` false), validation where only validation is missing, and
 * a missing test split only where `split` is set, for it may be a slip.
 *
 * `keys` gives a column as text for `by` and `stratify`; default: the block's targets.
 * @throws DATA_SPLIT_EMPTY, DATA_COLUMN_MISSING
 */
export function divide<B extends Block>(
  given: Partial<Record<Split, B>> & { readonly train: B },
  request: {
    readonly bySplit: boolean;
    readonly config: SplitConfig | undefined;
    readonly file: string;
    readonly context: OpenContext;
    readonly keys?: (block: B, column: string) => readonly string[] | undefined;
  },
): Parts<B> {
  const { config, file, context } = request;
  const missing = SPLITS.filter((split) => given[split] === undefined);
  if (request.bySplit && missing.includes('test') && config === undefined) {
    const remedy = 'Name its file or arrays, or set `split` so that it is taken from the training rows.';
    throw fail('DATA_SPLIT_EMPTY', { at: context.at([]), split: 'test', file, remedy });
  }

  const keys = (column: string) => {
    const found = request.keys ? request.keys(given.train, column) : targetKeys(given.train, column);
    if (found !== undefined) return found;
    const known = Object.keys(given.train.targets).join(', ');
    throw fail('DATA_COLUMN_MISSING', { at: context.at(['split']), file, column, known });
  };
  const stratify = config?.stratify === true ? Object.keys(given.train.targets)[0] : config?.stratify;
  const seed = config?.seed ?? 0;
  const { size } = given.train;
  const shared = splitRows({
    size,
    fractions: fractionsFor(missing, config),
    seed,
    groups: config?.by === undefined ? undefined : keys(config.by),
    strata: typeof stratify === 'string' ? keys(stratify) : undefined,
  });

  const part = (split: Split) => {
    const own = split === 'train' ? undefined : given[split];
    const made = own
      ? { block: own, rows: Uint32Array.from({ length: own.size }, (_, row) => row) }
      : { block: given.train, rows: shared[split] };
    if (made.rows.length > 0) return made;
    const remedy =
      own || size === 0
        ? 'The file holds no row for it.'
        : `Of ${size} rows or their groups none is left for it: change \`split\`.`;
    throw fail('DATA_SPLIT_EMPTY', { at: context.at(own || size === 0 ? [] : ['split']), split, file, remedy });
  };
  const parts = { train: part('train'), validation: part('validation'), test: part('test') };
  const taken = missing.map((split) => `${shared[split].length} for ${split}`);
  const note = `${file}: of ${size} rows ${taken.join(' and ')}, ${shared.train.length} for training (split seed ${seed})`;
  return { parts, notes: missing.length > 0 ? [note] : [] };
}

/** Fractions of the training block; those given in the client file as they are, the rest of 1 shared by those left out. */
function fractionsFor(missing: readonly Split[], config: SplitConfig | undefined): Fractions {
  const set = config?.train !== undefined || config?.validation !== undefined || config?.test !== undefined;
  const given: Partial<Record<Split, number | undefined>> = set
    ? { ...config }
    : { train: 0.7, validation: 0.15, test: 0.15 };
  const absent = SPLITS.filter((split) => given[split] === undefined);
  const rest = 1 - SPLITS.reduce((sum, split) => sum + (given[split] ?? 0), 0);
  const wanted = (split: Split) =>
    split === 'train' || missing.includes(split) ? (given[split] ?? Math.max(0, rest) / absent.length) : 0;
  const total = wanted('train') + wanted('validation') + wanted('test');
  return {
    train: wanted('train') / total,
    validation: wanted('validation') / total,
    test: wanted('test') / total,
  };
}

/** A target as texts, one a row; a missing label is ''. */
export function targetKeys(block: Block, target: string): readonly string[] | undefined {
  const column: Column | undefined = block.targets[target];
  if (column === undefined || column.kind === 'text') return column?.values;
  const width = sizeOf(column.shape);
  return Array.from({ length: block.size }, (_, row) => {
    const values = Array.from(column.values.subarray(row * width, (row + 1) * width));
    return values.map((value) => (Number.isNaN(value) ? '' : String(value))).join(' ');
  });
}
