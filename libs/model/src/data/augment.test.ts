import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { sizeOf, type Shape } from '../layout.ts';
import { augmentRows, augmentSchema, type AugmentConfig } from './augment.ts';
import { checkAugment } from './augmentable.ts';
import type { Column, Rows, Source } from './source.ts';

const SHAPE = [4, 5, 2];
const labels: Column = { kind: 'number', shape: [], values: new Float32Array(64) };
/** Images whose every value is another, none of it 0. */
const batchOf = (size: number, shape: Shape = SHAPE): Rows => ({
  size,
  inputs: Float32Array.from({ length: size * sizeOf(shape) }, (_, i) => i + 1),
  targets: { label: labels },
});
const changed = (given: object, rows = batchOf(64), round = 0, inputShape: Shape = SHAPE) =>
  augmentRows(rows, {
    config: augmentSchema.parse(given),
    inputShape,
    random: randomStream(1, 'augment', 'batch', 's', round),
  });
const images = ({ size, inputs }: Rows) =>
  Array.from({ length: size }, (_, row) => [
    ...inputs.subarray((row * inputs.length) / size, ((row + 1) * inputs.length) / size),
  ]);
/** An image's pixels, each the list of its channels, row by row. */
const pixels = (image: readonly number[]) =>
  [0, 1, 2, 3].map((y) => [0, 1, 2, 3, 4].map((x) => image.slice((y * 5 + x) * 2, (y * 5 + x) * 2 + 2).join()));

describe('augmentation', () => {
  it('is the same for a round whenever it is asked for, another for another round, and leaves the batch and its targets alone', () => {
    const all = { flip: 'both', crop: 2, brightness: 0.2, contrast: 0.3, noise: 0.1, cutout: 2 };
    const rows = batchOf(8);
    const first = changed(all, rows, 3);
    expect(changed(all, rows, 3)).toEqual(first);
    expect(changed(all, rows, 4).inputs).not.toEqual(first.inputs);
    expect(rows).toEqual(batchOf(8));
    expect(first.targets['label']).toBe(labels);
  });

  it('flips about half of the images, whole pixels, by the named axis alone', () => {
    const before = images(batchOf(64)).map(pixels);
    const after = images(changed({ flip: 'horizontal' })).map(pixels);
    const mirrored = after.filter(
      (image, i) => JSON.stringify(image) === JSON.stringify(before[i]!.map((row) => row.toReversed())),
    );
    const kept = after.filter((image, i) => JSON.stringify(image) === JSON.stringify(before[i]));
    expect(mirrored.length + kept.length).toBe(64);
    expect(mirrored.length).toBeGreaterThan(16);
    expect(kept.length).toBeGreaterThan(16);
    const upsideDown = images(changed({ flip: 'vertical' })).map(pixels);
    expect(
      upsideDown.every((image, i) =>
        [before[i], before[i]!.toReversed()].some((one) => JSON.stringify(one) === JSON.stringify(image)),
      ),
    ).toBe(true);
  });

  it('shifts by up to the named number of pixels each way, zeros coming in', () => {
    const before = images(batchOf(64)).map(pixels);
    const seen = new Set<string>();
    for (const [i, image] of images(changed({ crop: 1 }))
      .map(pixels)
      .entries()) {
      const shifts = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => [down, right] as const));
      const found = shifts.filter(([down, right]) =>
        image.every((row, y) => row.every((pixel, x) => pixel === (before[i]![y - down]?.[x - right] ?? '0,0'))),
      );
      expect(found).toHaveLength(1);
      seen.add(found[0]!.join());
    }
    expect(seen.size).toBe(9);
  });

  it('moves contrast about the image’s mean, brightness by one number an image, noise by the named deviation', () => {
    const one = batchOf(1, [30, 30]);
    const mean = one.inputs.reduce((a, b) => a + b, 0) / 900;
    const differences = (given: object) =>
      Array.from(changed(given, one, 0, [30, 30]).inputs, (value, i) => value - one.inputs[i]!);
    const brighter = differences({ brightness: 0.5 });
    expect(Math.max(...brighter) - Math.min(...brighter)).toBeLessThan(1e-3);
    expect(Math.abs(brighter[0]!)).toBeLessThanOrEqual(0.5);
    expect(brighter[0]).not.toBeCloseTo(0, 3);
    const ratios = differences({ contrast: 0.4 }).map((difference, i) => difference / (one.inputs[i]! - mean));
    expect(Math.max(...ratios) - Math.min(...ratios)).toBeLessThan(1e-2);
    expect(Math.abs(ratios[0]!)).toBeLessThanOrEqual(0.4);
    const noise = differences({ noise: 3 });
    const deviation = Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / 900);
    expect(deviation).toBeGreaterThan(2.7);
    expect(deviation).toBeLessThan(3.3);
  });

  it('cuts at most the named square, all channels of it', () => {
    for (const image of images(changed({ cutout: 3 })).map(pixels)) {
      const zero = image.flatMap((row, y) => row.flatMap((pixel, x) => (pixel === '0,0' ? [[y, x] as const] : [])));
      const [ys, xs] = [zero.map(([y]) => y), zero.map(([, x]) => x)];
      const [tall, wide] = [ys, xs].map((places) => Math.max(...places) - Math.min(...places) + 1) as [number, number];
      expect(zero).toHaveLength(tall * wide);
      expect(Math.max(tall, wide)).toBeLessThanOrEqual(3);
      expect(Math.min(tall, wide)).toBeGreaterThan(0);
    }
  });
});

describe('what cannot be augmented', () => {
  const source = (inputShape: Shape, width = 1) =>
    ({ inputShape, targets: { box: { kind: 'number', shape: width === 1 ? [] : [width] } } }) as unknown as Source;
  const check =
    (config: AugmentConfig, of: Source, kind = 'npz', head = 'regress') =>
    () =>
      checkAugment(
        config,
        of,
        { id: 'cells', target: 'box', head },
        { kind, at: (path) => `a.yaml:${path.join('.')}` },
      );

  it.each([
    ['rows that are no images', check({ crop: 1 }, source([12]), 'csv'), /a row of this csv source is \[12\]/],
    ['a loader', check({ crop: 1 }, source([8, 8, 1]), 'loader'), /a loader gives its batches as they are/],
    ['a shift that leaves nothing', check({ crop: 8 }, source([8, 9, 1])), /shorter side has 8/],
    ['a square as large as the image', check({ cutout: 9 }, source([9, 9])), /augment\.cutout/],
    [
      'boxes that a flip would not move',
      check({ flip: 'both' }, source([8, 8, 1], 4)),
      /augment\.flip.*task cells learns 4 numbers/,
    ],
    ['points under layers of one’s own', check({ crop: 2 }, source([8, 8, 1], 2), 'npz', 'layers'), /augment\.crop/],
  ])('%s: refused, with the key', (_, act, sentence) => expect(act).toThrow(sentence));

  it('but boxes take what does not move them, and one number, or several labels, take anything', () => {
    expect(check({ noise: 0.1, cutout: 2 }, source([8, 8, 1], 4))).not.toThrow();
    expect(check({ flip: 'both' }, source([8, 8, 1]))).not.toThrow();
    expect(check({ flip: 'both' }, source([8, 8, 1], 4), 'npz', 'multilabel')).not.toThrow();
  });

  it('is what names no change', () => expect(augmentSchema.safeParse({}).success).toBe(false));
});
