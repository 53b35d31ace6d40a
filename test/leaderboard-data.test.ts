import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTasks, readClient } from '@trunkline/client';
import type { Random } from '@trunkline/model/random';
import type { Column } from '@trunkline/model/data';
import { afterAll, describe, expect, it } from 'vitest';
import { buildMixed } from './leaderboard/build/mixed.ts';
import { overlay, SCALE } from './leaderboard/build/overlay.ts';
import { buildPair } from './leaderboard/build/pair.ts';
import { buildPermuted } from './leaderboard/build/permuted.ts';
import { buildSchool } from './leaderboard/build/school.ts';
import { folderDigest } from './leaderboard/cells.ts';
import { readJob } from './simulate/job.ts';

const data = process.env['TRUNKLINE_DATA'];
if (!data) console.warn('TRUNKLINE_DATA is not set: the builders of the leaderboard’s data sets are not tested.');
const root = mkdtempSync(join(tmpdir(), 'trunkline-built-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function built(name: string, build: (folder: string) => void): string {
  const folder = join(root, name);
  mkdirSync(folder);
  build(folder);
  return folder;
}
const sourceOf = async (folder: string, client: string) =>
  (await loadTasks(readClient(join(folder, `${client}.yaml`))))[0]!.source;
const numbers = (column: Column): number[] => [...(column as Column & { kind: 'number' }).values];

describe('two items on one canvas', () => {
  // An item of one bright pixel in the first corner, another one that is grey all over.
  const images = new Uint8Array(2 * 784).fill(100, 784);
  images[0] = 250;
  const made = overlay({ images, labels: Uint8Array.of(3, 7) }, [0], { below: () => 0 } as unknown as Random);
  const pixel = (x: number, y: number) => ((made.images[y * 28 + x]! / SCALE) * 0.3081 + 0.1307) * 255;

  it('puts the left one at the top left and the right one 6 further on each axis, then takes every nearest pixel', () => {
    expect([made.left[0], made.right[0]]).toEqual([3, 7]);
    expect(pixel(0, 0)).toBeCloseTo(250, 0);
    // Pixel 5 stands for canvas pixel 6, where the right item begins; 4 for 5, where nothing is.
    expect(pixel(5, 5)).toBeCloseTo(100, 0);
    expect(pixel(4, 5)).toBeCloseTo(0, 0);
  });

  it('knows the box of the left item on the canvas', () => {
    [0.5, 0.5, 1, 1].forEach((value, i) => expect(made.boxes[i]).toBeCloseTo(value / 36, 6));
  });
});

describe.skipIf(!data)('data sets built from the data folder', () => {
  it('are the same bytes every time', () => {
    const build = (folder: string) => buildPermuted(folder, data!, { images: 4, rounds: 2 });
    expect(folderDigest(built('one', build))).toBe(folderDigest(built('two', build)));
  });

  it('permuted: eight clients, own images, one test set under numberings of their own', async () => {
    const folder = built('permuted', (into) => buildPermuted(into, data!, { images: 100, rounds: 2 }));
    expect(readJob(join(folder, 'run.yaml')).clients).toHaveLength(8);
    const [a, b] = [await sourceOf(folder, 'client-0'), await sourceOf(folder, 'client-1')];
    expect(a.inputShape).toEqual([28, 28]);
    expect(a.sizes).toEqual({ train: 100, validation: 500, test: 3000 });
    const [labelsA, labelsB] = [numbers(await a.column('test', 'label')), numbers(await b.column('test', 'label'))];
    const pairs = new Set(labelsA.map((label, i) => `${label} ${labelsB[i]!}`));
    expect(pairs.size).toBe(10);
    expect(labelsA).not.toEqual(labelsB);
    const first = async (source: typeof a) => (await source.read('train', [0])).inputs;
    expect(await first(a)).not.toEqual(await first(b));
  });

  it('permuted-plain: the images as they are', async () => {
    const form = { images: 100, rounds: 2, plain: true };
    const source = await sourceOf(
      built('plain', (into) => buildPermuted(into, data!, form)),
      'client-0',
    );
    const { inputs } = await source.read('test', [0, 1]);
    // Fashion-MNIST's pieces stand on a black ground: its corners are 0, which is −0.1307 / 0.3081 here.
    for (const corner of [0, 27, 783, 784]) expect(inputs[corner]).toBeCloseTo(-0.4242, 3);
  });

  it('mixed: the box is standardised over the training rows, the random labels are of all classes', async () => {
    const folder = built('mixed', (into) => buildMixed(into, data!));
    const box = numbers(await (await sourceOf(folder, 'box')).column('train', 'label'));
    expect(box).toHaveLength(4000);
    for (const side of [0, 1, 2, 3]) {
      const values = box.filter((_, at) => at % 4 === side);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(mean).toBeCloseTo(0, 4);
      expect(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length).toBeCloseTo(1, 3);
    }
    const random = await sourceOf(folder, 'random');
    expect(new Set(numbers(await random.column('train', 'label'))).size).toBe(10);
  });

  it('pair: left and right class of the same images, on the same batches', async () => {
    const folder = built('pair', (into) => buildPair(into, data!, 'fashion-mnist'));
    const job = readJob(join(folder, 'run.yaml'));
    expect(job.clients.map(({ config }) => config.data!.stream)).toEqual(['pair', 'pair']);
    const left = await sourceOf(folder, 'left');
    expect(left.sizes).toEqual({ train: 10_000, validation: 1000, test: 10_000 });
  });

  it('school: 139 clients of one task, 15,362 pupils in all', async () => {
    const folder = built('school', (into) => buildSchool(into, data!));
    expect(readdirSync(folder).filter((name) => name.startsWith('school-') && name.endsWith('.yaml'))).toHaveLength(
      139,
    );
    let pupils = 0;
    for (const { config } of readJob(join(folder, 'run.yaml')).clients) {
      const { sizes } = (await loadTasks(config))[0]!.source;
      pupils += sizes.train + sizes.validation + sizes.test;
    }
    expect(pupils).toBe(15_362);
  });
});
