import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conforms } from './conformance.ts';
import { openSource } from './open.ts';
import { dataSchema } from './schema.ts';
import { SPLITS } from './source.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const at = (path: readonly (string | number)[]) => `client.yaml:${path.join('.')}`;
const open = (images: object, where = fixtures, beside: object = {}) =>
  openSource(dataSchema.parse({ images, ...beside }), { folder: where, at });
const greek = { folder: 'greek', size: [21, 21], channels: 1, scale: 255 };
const drawing = (character: number, drawer: number) =>
  `greek/character0${character}/0${{ 1: 394, 2: 395, 5: 398 }[character]}_0${drawer}.png`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-images-'));
});
beforeEach(() => cpSync(join(fixtures, 'greek'), join(folder, 'greek'), { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

describe('images of a folder', () => {
  conforms(() => open(greek, fixtures, { split: { stratify: true } }), {
    inputShape: [21, 21, 1],
    sizes: { train: 12, validation: 3, test: 3 },
    targets: { label: { kind: 'text', shape: [] } },
  });

  it('have their sub-folder as label', async () => {
    const source = await open(greek);
    for (const split of SPLITS) {
      const { values } = await source.column(split, 'label');
      for (const [row, label] of (values as string[]).entries())
        expect(source.place!(split, row)).toContain(`/${label}/`);
    }
  });

  it('have the first image’s size where none is given', async () => {
    expect((await open({ folder: 'greek' })).inputShape).toEqual([105, 105, 3]);
  });

  it('are the same with a cache too small for one of them', async () => {
    const [kept, never] = [await open(greek), await open({ ...greek, cache: 0 })];
    for (let time = 0; time < 2; time++) {
      expect(await never.read('train', [3, 1])).toEqual(await kept.read('train', [3, 1]));
    }
  });

  it.each([
    ['an empty file', '', /greek\/character01\/0394_03.png.*the file is empty/],
    ['no image', 'hello', /neither PNG nor JPEG/],
    ['a size of zero', zeroSize(), /its size is 105 x 0 pixels/],
    ['a missing end', readFileSync(join(fixtures, drawing(1, 3))).subarray(0, 120), /cut off: its 120 bytes/],
    ['a JPEG’s missing end', readFileSync(join(fixtures, 'blood.jpg')).subarray(0, 9000), /cut off: its 9000 bytes/],
  ])('refuse %s before training, or leave it out and count it', async (_, bytes, sentence) => {
    writeFileSync(join(folder, drawing(1, 3)), bytes);
    await expect(open(greek, folder)).rejects.toMatchObject({
      code: 'DATA_IMAGE_BROKEN',
      message: expect.stringMatching(sentence) as string,
    });
    const source = await open({ ...greek, onBadRow: 'skip' }, folder);
    expect(source.sizes.train + source.sizes.validation + source.sizes.test).toBe(17);
    expect(source.notes!.some((note) => /greek: unusable images left out: 1/.test(note) && sentence.test(note))).toBe(
      true,
    );
  });

  it('name an image that only decoding shows to be broken, or count it as not labelled', async () => {
    const damaged = readFileSync(join(folder, drawing(1, 3)));
    damaged.fill(0, 60, 90);
    writeFileSync(join(folder, drawing(1, 3)), damaged);
    const all = (size: number) => Array.from({ length: size }, (_, row) => row);
    const read = async (source: Awaited<ReturnType<typeof open>>) =>
      Promise.all(SPLITS.map((split) => source.read(split, all(source.sizes[split]))));
    await expect(open(greek, folder).then(read)).rejects.toMatchObject({
      code: 'DATA_IMAGE_BROKEN',
      message: expect.stringMatching(/greek\/character01\/0394_03.png: this image cannot be used/) as string,
    });
    const source = await open({ ...greek, onBadRow: 'skip' }, folder);
    const one = await read(source);
    expect(one.flatMap(({ targets }) => targets.label!.values as string[]).filter((label) => label === '').length).toBe(
      1,
    );
    expect(await read(source)).toEqual(one);
    expect(source.notes!.filter((note) => /0394_03.png: this image cannot be decoded/.test(note)).length).toBe(1);
  });

  it.each([
    ['an absent folder', { folder: 'absent' }, 'DATA_FILE_MISSING', /client.yaml:images.folder.*absent/],
    ['a folder without classes', { folder: 'greek/character01' }, 'DATA_FILE_BROKEN', /each class is a sub-folder/],
    [
      'images of several sizes without one to bring them to',
      { folder: '.' },
      'DATA_SHAPE',
      /`.*depths\/.*has shape|`.*greek\/.*has shape/,
    ],
  ])('refuse %s', async (_, images, code, sentence) => {
    await expect(open(images)).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) as string });
  });
});

describe('images of an index', () => {
  const paths = [1, 2, 5].flatMap((character) => [1, 2, 3, 4, 5, 6].map((drawer) => ({ character, drawer })));
  const index = (name: string, rows: readonly string[]) => {
    writeFileSync(join(folder, name), `path,character,drawer,x,y\n${rows.join('\n')}\n`);
    return { index: name, size: [21, 21], channels: 1, scale: 255 };
  };
  const rows = paths.map(
    ({ character, drawer }) => `${drawing(character, drawer)},c${character},${drawer},0.${drawer},1`,
  );
  const targets = { character: 'character', point: ['x', 'y'] };

  it('give their columns as targets, and stay together by one that is none', async () => {
    const source = await open(index('index.csv', rows), folder, { split: { by: 'drawer' } });
    expect(source.targets).toEqual({
      character: { kind: 'text', shape: [] },
      x: { kind: 'number', shape: [] },
      y: { kind: 'number', shape: [] },
    });
    const drawers = SPLITS.map(
      (split) =>
        new Set(Array.from({ length: source.sizes[split] }, (_, row) => /_0(\d)/.exec(source.place!(split, row))![1])),
    );
    expect(drawers.reduce((sum, { size }) => sum + size, 0)).toBe(6);
  });

  it('give what the same images give as a folder', async () => {
    const source = await open({ ...index('index.csv', rows), targets }, folder);
    const other = await open(greek);
    expect(source.targets.point).toEqual({ kind: 'number', shape: [2] });
    expect((await source.read('train', [0, 5])).inputs).toEqual((await other.read('train', [0, 5])).inputs);
  });

  it('refuse a path that leads nowhere, naming it', async () => {
    const images = index('wrong.csv', [...rows, 'greek/none.png,c1,1,0,0']);
    await expect(open(images, folder)).rejects.toMatchObject({
      message: expect.stringMatching(/greek\/none.png.*there is no such file/) as string,
    });
  });

  it('name the index and the line of an image that cannot be used', async () => {
    const images = index('wrong.csv', [...rows, 'greek/none.png,c1,1,0,0']);
    await expect(open(images, folder)).rejects.toThrow(
      /greek\/none\.png, wrong\.csv line 20: this image cannot be used/,
    );
  });

  it('refuse rows that cannot be read, or leave them out and count them', async () => {
    const images = index('broken.csv', [
      ...rows,
      `${drawing(1, 1)},c1,1,left,1`,
      `${drawing(1, 2)},c1`,
      `${drawing(1, 3)},c1,1,1,inf`,
    ]);
    await expect(open({ ...images, targets }, folder)).rejects.toThrow(/broken\.csv line 21: it has 2 cells/);
    const source = await open({ ...images, targets, onBadRow: 'skip' }, folder);
    expect(source.notes).toContain('broken.csv: unusable rows left out: 1 (line 21)');
    expect(source.notes).toContain('broken.csv: unusable rows left out: 2 (line 20, 22)');
    expect(source.sizes.train + source.sizes.validation + source.sizes.test).toBe(18);
  });

  it('refuse an index without paths', async () => {
    writeFileSync(join(folder, 'none.csv'), 'file,label\na.png,1\n');
    await expect(open({ index: 'none.csv' }, folder)).rejects.toMatchObject({ code: 'DATA_COLUMN_MISSING' });
  });
});

function zeroSize(): Buffer {
  const png = Buffer.from(readFileSync(join(fixtures, drawing(1, 3))));
  png.writeUInt32BE(0, 20);
  return png;
}
