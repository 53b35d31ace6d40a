import { describe, expect, it } from 'vitest';
import { sizeOf, type Shape } from '../layout.ts';
import { createBatches } from './batches.ts';
import { prefetch } from './prefetch.ts';
import { SPLITS, type Rows, type Source, type Split } from './source.ts';

/** What every source promises, whatever it reads: the claims that batching, evaluation and resuming stand on. */
export function conforms(
  open: () => Promise<Source>,
  expected: {
    readonly inputShape: Shape;
    readonly sizes: Readonly<Record<Split, number>>;
    readonly targets: Source['targets'];
  },
): void {
  const all = (source: Source, split: Split) => Array.from({ length: source.sizes[split] }, (_, row) => row);

  describe('as a source', () => {
    it('has the sizes, shapes and targets of its files', async () => {
      const { sizes, inputShape, targets } = await open();
      expect({ sizes, inputShape, targets }).toEqual(expected);
    });

    it('gives finite inputs and columns of the declared form, for any number of rows', async () => {
      const source = await open();
      for (const split of SPLITS) {
        for (const rows of [all(source, split), [0], []]) {
          const read = await source.read(split, rows);
          expect(read.size).toBe(rows.length);
          expect(read.inputs.length).toBe(rows.length * sizeOf(source.inputShape));
          expect(read.inputs.every(Number.isFinite)).toBe(true);
          expect(Object.keys(read.targets)).toEqual(Object.keys(source.targets));
          for (const [name, { kind, shape }] of Object.entries(source.targets)) {
            const column = read.targets[name]!;
            expect(column.kind).toBe(kind);
            expect(column.values.length).toBe(rows.length * sizeOf(shape));
          }
        }
      }
    });

    it('gives the same row whatever was read before it, beside it and in whatever order', async () => {
      const source = await open();
      for (const split of SPLITS) {
        const forth = await source.read(split, all(source, split));
        const back = await source.read(split, Uint32Array.from(all(source, split)).reverse());
        const twice = await source.read(split, [1, 0, 1]);
        for (const row of all(source, split)) {
          expect(rowOf(back, source.sizes[split] - 1 - row)).toEqual(rowOf(forth, row));
        }
        expect([0, 1, 2].map((i) => rowOf(twice, i))).toEqual([1, 0, 1].map((row) => rowOf(forth, row)));
      }
    });

    it('gives a column as its rows give it', async () => {
      const source = await open();
      for (const split of SPLITS) {
        const { targets } = await source.read(split, all(source, split));
        for (const name of Object.keys(targets)) expect(await source.column(split, name)).toEqual(targets[name]);
      }
    });

    it('has no row in two splits, nor twice in one', async () => {
      const source = await open();
      const places = SPLITS.flatMap((split) => all(source, split).map((row) => source.place!(split, row)));
      expect(new Set(places).size).toBe(places.length);
    });

    it('is the same when opened again', async () => {
      const [one, other] = [await open(), await open()];
      for (const split of SPLITS) {
        const rows = all(one, split);
        expect(await other.read(split, rows)).toEqual(await one.read(split, rows));
      }
    });

    it('gives the batches of a run that reads ahead as it gives them one by one', async () => {
      const [ahead, single] = [await open(), await open()];
      const batches = createBatches({ seed: 1, stream: 's', size: ahead.sizes.train, batchSize: 3 });
      const reader = prefetch((round) => ahead.read('train', batches.rows(round)), 8);
      for (const round of [0, 1, 2, 3, 5, 4, 7]) {
        expect(await reader.take(round)).toEqual(await single.read('train', batches.rows(round)));
      }
    });

    it('refuses a row that it does not have', async () => {
      const source = await open();
      await expect(source.read('test', [source.sizes.test])).rejects.toMatchObject({ code: 'UNEXPECTED' });
    });
  });
}

function rowOf(rows: Rows, row: number): unknown {
  const part = <T>(values: ArrayLike<T>) => {
    const width = values.length / rows.size;
    return Array.from(values).slice(row * width, (row + 1) * width);
  };
  const targets = Object.entries(rows.targets).map(([name, column]) => [
    name,
    part<number | string>(column.values as ArrayLike<number | string>),
  ]);
  return { inputs: part(rows.inputs), targets };
}
