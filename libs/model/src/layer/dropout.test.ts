import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { forward } from './forward.ts';
import { placeStack } from './stack.ts';

beforeAll(() => tf.setBackend('cpu'));
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const stack = placeStack([{ dropout: { rate: 0.3 } }, { dropout: { rate: 0.3 } }], [500], { at: 'layers' });
const first = placeStack([{ dropout: { rate: 0.3 } }], [500], { at: 'layers' });

function pass(round: number, { layers = first, training = true } = {}): number[] {
  const random = (layer: string) => randomStream(1, 'dropout', 'stream', round, layer);
  return tf.tidy(() => [...forward(layers, tf.ones([64, 500]), [], { tf, training, random }).dataSync()]);
}

test('has the same mask in every pass of a round, another in the next', () => {
  expect(pass(3)).toEqual(pass(3));
  expect(pass(3)).not.toEqual(pass(4));
});

test('keeps the mean: what stays is scaled by 1 / (1 − rate)', () => {
  const values = pass(1);
  const kept = Math.fround(1 / 0.7);
  expect(new Set(values)).toEqual(new Set([0, kept]));
  // 32,000 draws: the standard error of the mean is 0.0037.
  expect(Math.abs(values.reduce((sum, x) => sum + x, 0) / values.length - 1)).toBeLessThan(0.015);
});

test('two layers of one stack drop independently', () => {
  const both = pass(1, { layers: stack }).filter((x) => x > 0).length / 32_000;
  expect(Math.abs(both - 0.49)).toBeLessThan(0.015);
});

test('is the identity outside training', () => {
  expect(new Set(pass(1, { training: false }))).toEqual(new Set([1]));
});

test('draws 32 bits an element, in order', () => {
  const random = randomStream(1, 'dropout', 'stream', 5, '0-dropout');
  const kept = Math.fround(1 / 0.7);
  expect(pass(5)).toEqual(Array.from({ length: 32_000 }, () => (random.uint32() / 2 ** 32 < 0.3 ? 0 : kept)));
});
