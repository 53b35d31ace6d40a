import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conforms } from './conformance.ts';
import { readIdx } from './idx.ts';
import { openSource } from './open.ts';
import { dataSchema } from './schema.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const fixture = (name: string) => readFileSync(join(fixtures, name));
const at = (path: readonly (string | number)[]) => `client.yaml:${path.join('.')}`;
const open = (data: unknown, folder = fixtures) => openSource(dataSchema.parse(data), { folder, at });
const idx = {
  inputs: { train: 'fashion-train-images.idx.gz', test: 'fashion-test-images.idx.gz' },
  targets: { train: 'fashion-train-labels.idx', test: 'fashion-test-labels.idx' },
  scale: 255,
};

describe('idx', () => {
  conforms(() => open({ idx, split: { train: 0.8, validation: 0.2 } }), {
    inputShape: [28, 28],
    sizes: { train: 32, validation: 8, test: 12 },
    targets: { label: { kind: 'number', shape: [] } },
  });

  it('gives what the same images give as npz', async () => {
    const named = { ...idx, targets: { kind: idx.targets } };
    const npz = { file: 'fashion.npz', inputs: '{split}_images', targets: { kind: '{split}_labels' }, scale: 255 };
    const [one, other] = await Promise.all([open({ idx: named }), open({ npz })]);
    expect(await one.read('test', [0, 5, 11])).toEqual(await other.read('test', [0, 5, 11]));
  });

  it.each([
    [0x08, [7, 255], [7, 255]],
    [0x09, [7, 255], [7, -1]],
    [0x0b, [0, 7, 255, 254], [7, -2]],
    [0x0c, [0, 0, 0, 7, 255, 255, 255, 254], [7, -2]],
    // 1.5 and −2 in IEEE 754.
    [0x0d, [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], [1.5, -2]],
    [0x0e, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], [1.5, -2]],
  ])('reads numbers of type %i', (type, data, expected) => {
    const { shape, values } = readIdx(Uint8Array.from([0, 0, type, 1, 0, 0, 0, 2, ...data]), 'x');
    expect(shape).toEqual([2]);
    expect(Array.from(values)).toEqual(expected);
  });

  it('refuses a file cut off anywhere, saying how many bytes it holds', () => {
    const whole = gunzipSync(fixture('fashion-test-images.idx.gz'));
    for (const length of [0, 3, 10, 16, whole.length - 1]) {
      expect(() => readIdx(whole.subarray(0, length), 'x.idx')).toThrow(/x.idx: this is not a readable idx file/);
    }
    expect(() => readIdx(whole.subarray(0, 1000), 'x')).toThrow(/needs 9408 bytes of data, the file holds 984/);
  });

  it('refuses targets that have no file for a split, naming target and split', async () => {
    const opened = open({ idx: { ...idx, targets: { label: { train: 'fashion-train-labels.idx' } } } });
    await expect(opened).rejects.toMatchObject({ message: expect.stringMatching(/label \(test\)/) as string });
  });

  it('refuses a missing test split unless it is to be taken from training', async () => {
    const inputs = { train: 'fashion-train-images.idx.gz' };
    const targets = { train: 'fashion-train-labels.idx' };
    const opened = open({ idx: { inputs, targets } });
    await expect(opened).rejects.toMatchObject({
      code: 'DATA_SPLIT_EMPTY',
      hint: expect.stringMatching(/set `split`/) as string,
    });
    const { sizes } = await open({ idx: { inputs, targets }, split: { stratify: true } });
    expect(sizes.train + sizes.validation + sizes.test).toBe(40);
  });

  it('reads all of Fashion-MNIST', async (context) => {
    const data = process.env.TRUNKLINE_DATA;
    context.skip(!data, 'TRUNKLINE_DATA is not set');
    const files = (what: string) => ({ train: `train-${what}-ubyte.gz`, test: `t10k-${what}-ubyte.gz` });
    const source = await open(
      { idx: { inputs: files('images-idx3'), targets: files('labels-idx1') } },
      join(data!, 'fashion-mnist'),
    );
    expect(source.sizes).toEqual({ train: 49412, validation: 10588, test: 10000 });
    const { values } = (await source.column('test', 'label')) as { values: Float32Array };
    expect(values.filter((label) => label === 3).length).toBe(1000);
  });
});

describe('npy files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'trunkline-npy-'));
    for (const [to, from] of Object.entries({ 'x-train': 'version-1', 'x-val': 'version-2', 'x-test': 'version-3' })) {
      writeFileSync(join(folder, `${to}.npy`), fixture(`${from}.npy`));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  conforms(() => open({ npy: { inputs: 'x-{split}.npy', targets: { same: 'x-{split}.npy' } } }, folder), {
    inputShape: [3],
    sizes: { train: 2, validation: 2, test: 2 },
    targets: { same: { kind: 'number', shape: [3] } },
  });

  it('are asked for by split where the name has it', async () => {
    const opened = open({ npy: { inputs: 'y-{split}.npy', targets: 'x-{split}.npy' } }, folder);
    await expect(opened).rejects.toMatchObject({
      code: 'DATA_FILE_MISSING',
      message: expect.stringMatching(/y-train.npy/) as string,
    });
  });
});
