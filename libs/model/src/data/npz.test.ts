import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { conforms } from './conformance.ts';
import { openSource } from './open.ts';
import { dataSchema } from './schema.ts';
import { SPLITS } from './source.ts';

const folder = join(import.meta.dirname, 'fixtures');
const fashion = {
  file: 'fashion.npz',
  inputs: '{split}_images',
  targets: { label: '{split}_labels' },
  scale: 255,
};
const open = (data: unknown) =>
  openSource(dataSchema.parse(data), { folder, at: (path) => `client.yaml:${path.join('.')}` });

describe('npz', () => {
  conforms(() => open({ npz: fashion }), {
    inputShape: [28, 28],
    sizes: { train: 40, validation: 10, test: 12 },
    targets: { label: { kind: 'number', shape: [] } },
  });

  it('divides by the scale, and squeezes labels (N, 1)', async () => {
    const source = await open({ npz: fashion });
    // Sums and labels computed with NumPy from the original files.
    const { inputs, targets } = await source.read('train', [0]);
    expect(inputs.reduce((a, b) => a + b, 0) * 255).toBeCloseTo(76247, 1);
    expect(targets.label).toEqual({ kind: 'number', shape: [], values: Float32Array.of(9) });
    const { values } = await source.column('train', 'label');
    expect((values as Float32Array).slice(0, 10)).toEqual(Float32Array.of(...[9, 0, 0, 3, 0, 2, 7, 2, 5, 5]));
  });

  it('takes all splits from arrays that are not split, by a seed that moves no row', async () => {
    const data = { npz: { ...fashion, inputs: 'train_images', targets: { label: 'train_labels' } } };
    const source = await open(data);
    expect(source.sizes).toEqual({ train: 28, validation: 6, test: 6 });
    expect(source.notes![0]).toMatch(/fashion.npz: of 40 rows 6 for validation and 6 for test, 28 for training/);
    const again = await open({ ...data, split: { seed: 0 } });
    const other = await open({ ...data, split: { seed: 1 } });
    expect(places(again)).toEqual(places(source));
    expect(places(other)).not.toEqual(places(source));
  });

  it('groups by an array of the file', async () => {
    const data = { npz: { ...fashion, inputs: 'train_images', targets: { label: 'train_labels' } } };
    const source = await open({ ...data, split: { by: 'train_labels' } });
    const labels = await Promise.all(SPLITS.map((split) => source.column(split, 'label')));
    const kinds = labels.map(({ values }) => [...new Set(values as Float32Array)]);
    expect(new Set(kinds.flat()).size).toBe(kinds.flat().length);
  });

  it.each([
    [
      'a file that is absent',
      { file: 'absent.npz' },
      'DATA_FILE_MISSING',
      /client.yaml:npz.file.*absent.npz does not exist/,
    ],
    ['a file of another kind', { file: 'students.csv' }, 'DATA_FILE_BROKEN', /students.csv.*not a readable npz file/],
    [
      'misnamed inputs',
      { inputs: '{split}_image' },
      'DATA_ARRAY_MISSING',
      /client.yaml:npz.inputs: fashion.npz.*`train_image`/,
    ],
    [
      'misnamed targets',
      { targets: { label: '{split}_x' } },
      'DATA_ARRAY_MISSING',
      /client.yaml:npz.targets.label.*`train_x`/,
    ],
    [
      'targets of other rows',
      { targets: { label: 'test_labels' }, inputs: 'train_images' },
      'DATA_SHAPE',
      /`test_labels` in fashion.npz has shape \[12, 1\]; expected 40 rows/,
    ],
    ['names split in part', { targets: { label: 'train_labels' } }, 'CONFIG_INVALID', /not split alike/],
    [
      'inputs that are not finite',
      { file: 'types.npz', inputs: 'little_f4', targets: {} },
      'DATA_NOT_FINITE',
      /types.npz: `little_f4` row 5 holds Infinity/,
    ],
    [
      'a scale under which inputs overflow',
      { file: 'types.npz', inputs: 'little_i8', targets: {}, scale: 1e-30 },
      'DATA_NOT_FINITE',
      /`little_i8` row 1/,
    ],
    ['inputs without rows', { file: 'types.npz', inputs: 'scalar', targets: {} }, 'DATA_SHAPE', /shape \[\]/],
  ])('refuses %s', async (_, change, code, sentence) => {
    const opened = open({ npz: { ...fashion, ...change } });
    await expect(opened).rejects.toMatchObject({ code, exit: 2, message: expect.stringMatching(sentence) as string });
  });

  it('refuses a split that is left empty', async () => {
    const data = { npz: { ...fashion, inputs: 'train_images', targets: { label: 'train_labels' } } };
    const opened = open({ ...data, split: { train: 0.9, validation: 0.1, test: 0 } });
    await expect(opened).rejects.toMatchObject({
      code: 'DATA_SPLIT_EMPTY',
      message: expect.stringMatching(/test split/) as string,
    });
  });
});

const places = (source: Awaited<ReturnType<typeof open>>) =>
  SPLITS.map((split) => Array.from({ length: source.sizes[split] }, (_, row) => source.place!(split, row)));
