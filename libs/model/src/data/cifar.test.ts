import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conforms } from './conformance.ts';
import { openSource } from './open.ts';
import { dataSchema } from './schema.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const at = (path: readonly (string | number)[]) => `client.yaml:${path.join('.')}`;
const open = (cifar: object, folder = fixtures, beside: object = {}) =>
  openSource(dataSchema.parse({ cifar, ...beside }), { folder, at });
const files = { train: 'cells-train.bin', validation: 'cells-val.bin', test: 'cells-test.bin' };
const boxes = { train: 'cells-train-boxes.f32', validation: 'cells-val-boxes.f32', test: 'cells-test-boxes.f32' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-cifar-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('cifar', () => {
  conforms(() => open({ files, targets: { box: { file: boxes, size: 4 } }, scale: 255 }), {
    inputShape: [32, 32, 3],
    sizes: { train: 8, validation: 3, test: 4 },
    targets: { label: { kind: 'number', shape: [] }, box: { kind: 'number', shape: [4] } },
  });

  it('puts the planes of a record together, pixel by pixel', async () => {
    const source = await open({ files, targets: { box: { file: boxes, size: 4 } } });
    // Pixels, labels and boxes as NumPy reads them from the same bytes.
    const { inputs, targets } = await source.read('train', [0, 7]);
    expect(Array.from(inputs.slice(0, 6))).toEqual([202, 206, 204, 202, 206, 205]);
    expect(Array.from(inputs.slice(-3))).toEqual([173, 145, 147]);
    expect(targets.box!.values.slice(0, 2)).toEqual(Float32Array.of(0.30000001192092896, 0.29230770468711853));
    expect((await source.column('train', 'label')).values).toEqual(Float32Array.of(2, 0, 2, 0, 0, 1, 1, 0));
  });

  it('joins several files of a split, and says in which of them a row stands', async () => {
    const source = await open({ files: { train: [files.train, files.validation], test: [files.test] } });
    expect(source.sizes.train + source.sizes.validation).toBe(11);
    const places = (['train', 'validation'] as const).flatMap((split) =>
      Array.from({ length: source.sizes[split] }, (_, row) => source.place!(split, row)),
    );
    expect(places.sort().at(-1)).toBe('7 of cells-train.bin');
    expect(places).toContain('2 of cells-val.bin');
  });

  it('reads records with two labels and another shape', async () => {
    writeFileSync(
      join(folder, 'two.bin'),
      Uint8Array.from([1, 20, 10, 11, 30, 31, 2, 21, 12, 13, 32, 33, 3, 22, 14, 15, 34, 35]),
    );
    const source = await open({ files: 'two.bin', shape: [1, 2, 2], labels: ['coarse', 'fine'] }, folder);
    const at = (['train', 'validation', 'test'] as const).find((split) => source.place!(split, 0) === '0 of two.bin')!;
    const { inputs, targets } = await source.read(at, [0]);
    expect(Array.from(inputs)).toEqual([10, 30, 11, 31]);
    expect(targets).toMatchObject({ coarse: { values: Float32Array.of(1) }, fine: { values: Float32Array.of(20) } });
  });

  it('refuses a truncated file, naming its bytes', async () => {
    writeFileSync(join(folder, 'cut.bin'), readFileSync(join(fixtures, files.test)).subarray(0, 10000));
    await expect(open({ files: 'cut.bin' }, folder)).rejects.toMatchObject({
      code: 'DATA_FILE_BROKEN',
      message: expect.stringMatching(
        /cut.bin.*its 10000 bytes are 3 records of 3073 bytes and 781 bytes more/,
      ) as string,
    });
  });

  it('refuses targets of another number of records', async () => {
    for (const name of [files.train, boxes.test]) copyFileSync(join(fixtures, name), join(folder, name));
    const opened = open({ files: files.train, targets: { box: { file: boxes.test, size: 4 } } }, folder);
    await expect(opened).rejects.toMatchObject({
      message: expect.stringMatching(/64 bytes hold 4 records; the images have 8/) as string,
    });
  });

  it('reads CIFAR-10 as its authors packed it', async (context) => {
    const data = process.env.TRUNKLINE_DATA;
    context.skip(!data, 'TRUNKLINE_DATA is not set');
    const source = await open(
      { files: { train: ['data_batch_1.bin'], test: 'test_batch.bin' } },
      join(data!, 'cifar10'),
      { split: { stratify: true } },
    );
    expect(source.sizes).toEqual({ train: 8235, validation: 1765, test: 2000 });
    const { values } = (await source.column('test', 'label')) as { values: Float32Array };
    for (let label = 0; label < 10; label++) expect(values.filter((value) => value === label).length).toBe(200);
  });
});
