import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Random } from '@trunkline/model/random';

export const SIDE = 28;
const CANVAS = 36;
/** Where the right item begins, to the right and down. */
const SHIFT = CANVAS - SIDE - 2;
const PIXELS = SIDE * SIDE;

/** Grey images of 28×28 and their classes. */
export interface Items {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** Reads `train` or `t10k` of a data set in idx files. */
export function readItems(data: string, name: 'mnist' | 'fashion-mnist', part: 'train' | 't10k'): Items {
  const unpack = (file: string) => gunzipSync(readFileSync(join(data, name, `${part}-${file}-ubyte.gz`)));
  return { images: unpack('images-idx3').subarray(16), labels: unpack('labels-idx1').subarray(8) };
}

/** Two items on one canvas, many times. */
export interface Overlaid {
  readonly count: number;
  /** [count, 28, 28] as 100 x − 3333: divided by `SCALE` this is (x / 255 − 0.1307) / 0.3081. */
  readonly images: Int16Array;
  readonly left: Uint8Array;
  readonly right: Uint8Array;
  /** [count, 4]: centre and size (cx, cy, w, h) of the left item's inked pixels, 1 = the canvas. */
  readonly boxes: Float32Array;
}

/** See `Overlaid.images`. */
export const SCALE = 7857;

/**
 * MultiMNIST's construction (Sabour et al. 2017, as in Sener and Koltun, NeurIPS 2018): on a canvas of 36×36 the left item at the top left,
 * another one 6 to the right and 6 down, where they overlap the brighter pixel; then every pixel of a 28×28 grid is the nearest one.
 * @param left numbers of the items to stand at the left; who stands at the right is drawn
 */
export function overlay({ images, labels }: Items, left: readonly number[], random: Random): Overlaid {
  const made: Overlaid = {
    count: left.length,
    images: new Int16Array(left.length * PIXELS),
    left: Uint8Array.from(left, (item) => labels[item]!),
    right: new Uint8Array(left.length),
    boxes: new Float32Array(left.length * 4),
  };
  for (const [place, item] of left.entries()) {
    let other = random.below(labels.length - 1);
    if (other >= item) other++;
    made.right[place] = labels[other]!;
    const canvas = new Uint8Array(CANVAS * CANVAS);
    stamp(canvas, images.subarray(item * PIXELS, (item + 1) * PIXELS), 0);
    made.boxes.set(boxOf(canvas), place * 4);
    stamp(canvas, images.subarray(other * PIXELS, (other + 1) * PIXELS), SHIFT);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const from = Math.floor((y * CANVAS) / SIDE) * CANVAS + Math.floor((x * CANVAS) / SIDE);
        made.images[place * PIXELS + y * SIDE + x] = 100 * canvas[from]! - 3333;
      }
    }
  }
  return made;
}

/** The items themselves, in the same form; left is their class, right as well. */
export function plain({ images, labels }: Items, items: readonly number[]): Overlaid {
  const classes = Uint8Array.from(items, (item) => labels[item]!);
  const made = { count: items.length, images: new Int16Array(items.length * PIXELS), left: classes, right: classes };
  items.forEach((item, place) => {
    for (let at = 0; at < PIXELS; at++) made.images[place * PIXELS + at] = 100 * images[item * PIXELS + at]! - 3333;
  });
  return { ...made, boxes: new Float32Array(items.length * 4) };
}

function stamp(canvas: Uint8Array, item: Uint8Array, shift: number): void {
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = (y + shift) * CANVAS + x + shift;
      canvas[at] = Math.max(canvas[at]!, item[y * SIDE + x]!);
    }
  }
}

function boxOf(canvas: Uint8Array): number[] {
  let [x0, y0, x1, y1] = [CANVAS, CANVAS, 0, 0];
  canvas.forEach((value, at) => {
    if (value === 0) return;
    const [x, y] = [at % CANVAS, Math.floor(at / CANVAS)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x + 1), Math.max(y1, y + 1)];
  });
  return [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0].map((value) => value / CANVAS);
}
