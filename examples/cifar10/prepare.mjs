/**
 * Prepares CIFAR-10 for this example: `node examples/cifar10/prepare.mjs FOLDER [FOLDER-TO-WRITE]`, where FOLDER is the unpacked
 * binary download, cifar-10-batches-bin. Into `data` beside this script it links every batch file and writes a box a
 * picture.
 *
 * CIFAR-10 has no boxes: these are invented so that a detector has something to learn. A picture's box spans the pixels that
 * differ from the mean colour of its border by more than the average pixel does, between the 10th and the 90th percentile on
 * each axis: centre x, centre y, width, height, 0 to 1.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const SIDE = 32;
const PIXELS = SIDE * SIDE;
const RECORD = 1 + 3 * PIXELS;

const [source, target = join(import.meta.dirname, 'data')] = process.argv.slice(2);
const batches = source !== undefined && existsSync(source) ? readdirSync(source).filter(isBatch) : [];
if (batches.length === 0) {
  console.error('usage: prepare.mjs FOLDER, the one that holds data_batch_1.bin and test_batch.bin');
  process.exit(2);
}
mkdirSync(target, { recursive: true });
for (const file of batches) {
  const from = resolve(source, file);
  const to = join(target, file);
  if (from !== resolve(to)) {
    rmSync(to, { force: true });
    symlinkSync(from, to);
  }
  const bytes = readFileSync(from);
  const pictures = Math.floor(bytes.length / RECORD);
  const values = new Float32Array(pictures * 4);
  for (let i = 0; i < pictures; i++) values.set(boxOf(bytes.subarray(i * RECORD + 1, (i + 1) * RECORD)), i * 4);
  writeFileSync(join(target, `${basename(file, '.bin')}_boxes.f32`), Buffer.from(values.buffer));
  console.log(`${file}: ${pictures} pictures`);
}

function isBatch(name) {
  return /^(data_batch_\d|test_batch)\.bin$/.test(name);
}

function boxOf(planes) {
  const border = [];
  for (let i = 0; i < SIDE; i++) border.push(i, PIXELS - SIDE + i, i * SIDE, i * SIDE + SIDE - 1);
  const difference = new Float64Array(PIXELS);
  for (let channel = 0; channel < 3; channel++) {
    const plane = planes.subarray(channel * PIXELS, (channel + 1) * PIXELS);
    const mean = border.reduce((sum, pixel) => sum + plane[pixel], 0) / border.length;
    for (let pixel = 0; pixel < PIXELS; pixel++) difference[pixel] += Math.abs(plane[pixel] - mean);
  }
  const average = difference.reduce((sum, value) => sum + value, 0) / PIXELS;
  const marked = [...difference.keys()].filter((pixel) => difference[pixel] > average);
  if (marked.length === 0) return [0.5, 0.5, 1, 1];
  const [left, right] = spanOf(marked.map((pixel) => pixel % SIDE));
  const [top, bottom] = spanOf(marked.map((pixel) => Math.floor(pixel / SIDE)));
  return [left + right, top + bottom, 2 * (right - left), 2 * (bottom - top)].map((value) => value / 2 / SIDE);
}

function spanOf(places) {
  places.sort((a, b) => a - b);
  const at = (share) => places[Math.floor(share * (places.length - 1))];
  return [at(0.1), at(0.9) + 1];
}
