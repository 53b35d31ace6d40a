import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { fail } from '@trunkline/protocol';
import { measured, type Benchmark, type Measured } from './benchmark.ts';
import { runChild } from '../simulate/child.ts';

const IMAGES = 50_000;
const SIDE = 28;
const GIGABYTE = 2 ** 30;

interface Found {
  readonly images: number;
  readonly seconds: number;
  readonly waiting: number;
  readonly resident: number;
}

/** A folder of many images: what training on it keeps in memory, and how long steps wait for their batch. */
export const imagesStreamBenchmark: Benchmark = {
  name: 'images-stream',
  group: 'data',
  summary: 'Training on a folder of 50,000 PNG files: resident memory, and the share of a step spent waiting for data.',
  async measure(say) {
    const data = process.env['TRUNKLINE_DATA'];
    if (!data) {
      say('images-stream: skipped, TRUNKLINE_DATA is not set');
      return [];
    }
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-images-'));
    try {
      say(`images-stream: writing ${IMAGES} images`);
      writeImages(join(data, 'fashion-mnist'), folder);
      const found = await train(folder);
      say(
        `images-stream: ${found.seconds.toFixed(1)} s in steps, ${found.waiting.toFixed(2)} s of them waiting; ${(found.resident / 1e6).toFixed(0)} MB resident`,
      );
      return claims(found);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function claims({ images, seconds, waiting, resident }: Found): Measured[] {
  return [
    measured({
      id: 'images-memory',
      what: `resident memory while training on ${images.toLocaleString('en')} images, against 1 GB`,
      ours: resident / GIGABYTE,
      baseline: 1,
      unit: 'GB',
      goal: 1,
      better: 'lower',
    }),
    measured({
      id: 'images-wait',
      what: 'share of a step spent waiting for data, against 10 %',
      ours: waiting / seconds,
      baseline: 0.1,
      unit: 'of a step',
      goal: 1,
      better: 'lower',
    }),
  ];
}

/** Fashion-MNIST's training images as PNG files, a sub-folder a class. */
function writeImages(from: string, folder: string): void {
  const pixels = gunzipSync(readFileSync(join(from, 'train-images-idx3-ubyte.gz'))).subarray(16);
  const labels = gunzipSync(readFileSync(join(from, 'train-labels-idx1-ubyte.gz'))).subarray(8);
  for (let label = 0; label < 10; label++) mkdirSync(join(folder, `class-${label}`));
  for (let i = 0; i < IMAGES; i++) {
    const png = new PNG({ width: SIDE, height: SIDE, colorType: 0, inputColorType: 0, inputHasAlpha: false });
    png.data = Buffer.from(pixels.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE));
    const bytes = PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false, deflateLevel: 1 });
    writeFileSync(join(folder, `class-${labels[i]}`, `${i}.png`), bytes);
  }
}

async function train(folder: string): Promise<Found> {
  let found: Found | undefined;
  const logs = mkdtempSync(join(tmpdir(), 'trunkline-images-log-'));
  const child = runChild({
    entry: 'test/dist/bench/images-stream-process.js',
    args: [JSON.stringify({ folder, warmUp: 30, steps: 300 })],
    log: join(logs, 'log'),
    heard: (line) => (found = line as unknown as Found),
  });
  await child.exited;
  rmSync(logs, { recursive: true, force: true });
  if (!found) throw fail('UNEXPECTED', { what: `the training on images failed: ${child.lastWords()}` });
  return found;
}
