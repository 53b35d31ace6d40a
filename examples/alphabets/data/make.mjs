/**
 * Makes one file an alphabet: `node --conditions=@trunkline/source --import tsx make.mjs FOLDER`, where FOLDER holds
 * images_background_small1.zip of Omniglot.
 *
 * Every character was drawn once by each of 20 people. Drawings become 28 x 28 by averaging areas, ink 255 and paper 0. People are
 * shuffled with seed 0 an alphabet: 12 for training, 4 for validation, 4 for the test, so that nobody's hand is in two splits. Each
 * file holds, for train, val and test: `{split}_images`, uint8 N x 28 x 28, and `{split}_labels`, uint8 N, the character's
 * number from 0. Made again, the files have the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { PNG } from 'pngjs';
import { randomStream } from '@trunkline/model/random';
import { npz } from '../../array-files.mjs';

const SIDE = 28;
const SPLITS = { train: [0, 12], val: [12, 16], test: [16, 20] };

const [source, target = import.meta.dirname] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: make.mjs FOLDER-OF-OMNIGLOT [FOLDER-TO-WRITE]');
  process.exit(2);
}

const files = unzipSync(readFileSync(join(source, 'images_background_small1.zip')));
const drawings = Object.keys(files)
  .filter((path) => path.endsWith('.png'))
  .sort()
  .map((path) => {
    const [, alphabet, character, , drawer] = /([^/]+)\/character(\d+)\/(\d+)_(\d+)\.png$/.exec(path);
    return { path, alphabet, character: Number(character) - 1, drawer: Number(drawer) - 1 };
  });

for (const alphabet of new Set(drawings.map((drawing) => drawing.alphabet))) {
  const people = randomStream(0, 'alphabets', alphabet).permutation(20);
  const arrays = {};
  for (const [split, [from, to]] of Object.entries(SPLITS)) {
    const drawers = people.slice(from, to);
    const mine = drawings.filter((drawing) => drawing.alphabet === alphabet && drawers.includes(drawing.drawer));
    const images = Buffer.concat(mine.map(({ path }) => smaller(PNG.sync.read(Buffer.from(files[path])))));
    arrays[`${split}_images`] = { shape: [mine.length, SIDE, SIDE], data: images };
    arrays[`${split}_labels`] = { shape: [mine.length], data: mine.map(({ character }) => character) };
  }
  const name = `${alphabet.toLowerCase().replace('_', '-')}.npz`;
  const bytes = npz(arrays);
  writeFileSync(join(target, name), bytes);
  const characters = new Set(drawings.filter((drawing) => drawing.alphabet === alphabet).map((one) => one.character));
  console.log(`${name}: ${characters.size} characters, ${bytes.length} bytes`);
}

/** Area averages of a square drawing; paper is white in the file. */
function smaller({ width, data }) {
  const step = width / SIDE;
  const out = Buffer.alloc(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let ink = 0;
      for (const [row, high] of covered(y * step, (y + 1) * step))
        for (const [column, wide] of covered(x * step, (x + 1) * step))
          ink += high * wide * (255 - data[4 * (row * width + column)]);
      out[y * SIDE + x] = Math.round(ink / (step * step));
    }
  }
  return out;
}

/** The pixels between two places on an axis, each with how much of it lies there. */
function covered(from, to) {
  const pixels = [];
  for (let pixel = Math.floor(from); pixel < to; pixel++)
    pixels.push([pixel, Math.min(to, pixel + 1) - Math.max(from, pixel)]);
  return pixels;
}
