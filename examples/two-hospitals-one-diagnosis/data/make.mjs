/**
 * Deals chest X-rays to two hospitals by the balance of their labels:
 * `node --conditions=@trunkline/source --import tsx make.mjs FOLDER`, where FOLDER holds pneumoniamnist.npz (the one of the
 * example `hospitals` will do).
 *
 * Of each split, normal and pneumonia images are shuffled with seed 0; the screening centre takes the first of each, 80 %
 * normal, and the clinic the next, 80 % pneumonia: no image is in both. Made again, the files have the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { randomStream } from '@trunkline/model/random';
import { npyValues, npz } from '../../array-files.mjs';

const PIXELS = 28 * 28;
/** Images of the frequent and the rare class. */
const SPLITS = { train: [480, 120], val: [80, 20], test: [160, 40] };
const HOSPITALS = { screening: 0, clinic: 1 };

const [source, target = import.meta.dirname] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: make.mjs FOLDER-OF-PNEUMONIAMNIST [FOLDER-TO-WRITE]');
  process.exit(2);
}

const arrays = unzipSync(readFileSync(join(source, 'pneumoniamnist.npz')));
const made = Object.fromEntries(Object.keys(HOSPITALS).map((hospital) => [hospital, {}]));
for (const [split, [frequent, rare]] of Object.entries(SPLITS)) {
  const images = npyValues(arrays[`${split}_images.npy`]);
  const labels = npyValues(arrays[`${split}_labels.npy`]);
  const left = [0, 1].map((label) => {
    const rows = [...labels.keys()].filter((row) => labels[row] === label);
    return randomStream(0, 'two-hospitals', split, label)
      .permutation(rows.length)
      .map((i) => rows[i]);
  });
  for (const [hospital, usual] of Object.entries(HOSPITALS)) {
    const taken = [0, 1].flatMap((label) => left[label].splice(0, label === usual ? frequent : rare));
    const order = randomStream(0, 'two-hospitals', split, hospital).permutation(taken.length);
    const rows = order.map((i) => taken[i]);
    made[hospital][`${split}_images`] = {
      shape: [rows.length, 28, 28],
      data: Buffer.concat(rows.map((row) => images.subarray(row * PIXELS, (row + 1) * PIXELS))),
    };
    made[hospital][`${split}_labels`] = { shape: [rows.length, 1], data: rows.map((row) => labels[row]) };
  }
}
for (const [hospital, entries] of Object.entries(made)) {
  const bytes = npz(entries);
  writeFileSync(join(target, `${hospital}.npz`), bytes);
  console.log(`${hospital}.npz: ${bytes.length} bytes`);
}
