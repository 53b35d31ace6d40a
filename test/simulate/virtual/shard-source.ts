import { takeRows, type Rows, type Source } from '@trunkline/model/data';

/**
 * A source of which only some training rows exist. Nothing is copied: rows are read where they lie, when a batch wants them.
 * @param scored false: nor do its other splits, whose labels need not be read to train
 */
export function shardSource(source: Source, rows: Uint32Array, scored: boolean): Source {
  const { inputShape, targets, file, sizes, notes } = source;
  const inAll = (row: number) => rows[row]!;
  return {
    ...{ inputShape, targets, file },
    ...(notes ? { notes } : {}),
    sizes: { train: rows.length, validation: 0, test: scored ? sizes.test : 0 },
    place: (split, row, target) =>
      source.place?.(split, split === 'train' ? inAll(row) : row, target) ??
      String(split === 'train' ? inAll(row) : row),
    read: (split, wanted): Promise<Rows> =>
      source.read(split, split === 'train' ? Uint32Array.from(wanted, inAll) : wanted),
    async column(split, target) {
      if (split === 'test' && scored) return source.column(split, target);
      return takeRows(await source.column(split, target), split === 'train' ? rows : NONE);
    },
  };
}

const NONE = new Uint32Array(0);
