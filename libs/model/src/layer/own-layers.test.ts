import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { sizeOf, viewOf, type Shape } from '../layout.ts';
import { forward } from './forward.ts';
import type { LayerSpec } from './spec.ts';
import { placeStack } from './stack.ts';

/** Layers that tf.layers has not: their values against plain loops in float64, written here from the definitions. */

beforeAll(() => tf.setBackend('cpu'));
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

/** Values of two rows through the layers, every weight and input from a normal; `weight(name, ...index)` reads a weight. */
function run(specs: LayerSpec[], inputShape: Shape) {
  const stack = placeStack(specs, inputShape, { at: 'layers' });
  const random = randomStream(3);
  const normal = (length: number) => Float32Array.from({ length }, () => random.normal());
  const input = normal(2 * sizeOf(inputShape));
  const flat = normal(stack.layout.length);
  const output = tf.tidy(() => {
    const weights = stack.layout.slots.map((slot) => tf.tensor(viewOf(flat, slot), [...slot.shape]));
    const x = tf.tensor(input, [2, ...inputShape]);
    const y = forward(stack, x, weights, { tf, training: false, random: () => randomStream(1) });
    expect(y.shape.slice(1)).toEqual(stack.outputShape);
    return y.dataSync();
  });
  const weight = (name: string, ...index: number[]) => {
    const slot = stack.layout.slots.find((candidate) => candidate.name === name)!;
    return viewOf(flat, slot)[index.reduce((place, i, axis) => place * slot.shape[axis]! + i, 0)]!;
  };
  return { input, output, weight };
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: number[]) => sum(values) / values.length;

function expectClose(found: ArrayLike<number>, expected: number[]) {
  expect(found.length).toBe(expected.length);
  expect(Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)))).toBeLessThan(1e-5);
}

test('groupNormalization standardises each group of channels over all pixels of its row', () => {
  const { input, output, weight } = run([{ groupNormalization: { groups: 2, epsilon: 0.01 } }], [3, 2, 4]);
  const at = (row: number, pixel: number, channel: number) => input[(row * 6 + pixel) * 4 + channel]!;
  const expected = range(2 * 6 * 4).map((i) => {
    const [row, pixel, channel] = [Math.floor(i / 24), Math.floor(i / 4) % 6, i % 4];
    const first = channel < 2 ? 0 : 2;
    const group = range(6).flatMap((p) => [at(row, p, first), at(row, p, first + 1)]);
    const variance = mean(group.map((value) => (value - mean(group)) ** 2));
    const standard = (at(row, pixel, channel) - mean(group)) / Math.sqrt(variance + 0.01);
    return standard * weight('0-groupNormalization/gamma', channel) + weight('0-groupNormalization/beta', channel);
  });
  expectClose(output, expected);
});

test('multiHeadAttention mixes the values of each head by the softmax of scaled products', () => {
  const [tokens, features, numHeads, keyDim] = [3, 4, 2, 3];
  const { input, output, weight } = run([{ multiHeadAttention: { numHeads, keyDim } }], [tokens, features]);
  const map = (name: string, row: number, token: number, unit: number) =>
    weight(`0-multiHeadAttention/${name}Bias`, unit) +
    sum(
      range(features).map(
        (f) => input[(row * tokens + token) * features + f]! * weight(`0-multiHeadAttention/${name}Kernel`, f, unit),
      ),
    );
  const mixed = (row: number, token: number, unit: number) => {
    const units = range(keyDim).map((k) => Math.floor(unit / keyDim) * keyDim + k);
    const scores = range(tokens).map((other) =>
      Math.exp(sum(units.map((u) => map('query', row, token, u) * map('key', row, other, u))) / Math.sqrt(keyDim)),
    );
    return sum(range(tokens).map((other) => scores[other]! * map('value', row, other, unit))) / sum(scores);
  };
  const expected = range(2 * tokens * features).map((i) => {
    const [row, token, f] = [Math.floor(i / (tokens * features)), Math.floor(i / features) % tokens, i % features];
    const parts = range(numHeads * keyDim).map(
      (unit) => mixed(row, token, unit) * weight('0-multiHeadAttention/outputKernel', unit, f),
    );
    return sum(parts) + weight('0-multiHeadAttention/outputBias', f);
  });
  expectClose(output, expected);
});

test('residual projects every second pixel where its layers halve the image', () => {
  const block = {
    residual: { layers: [{ averagePooling2d: { padding: 'same' } }, { dense: { units: 2, useBias: false } }] },
  };
  const { input, output, weight } = run([block], [3, 4, 3]);
  const at = (row: number, y: number, x: number, c: number) => input[((row * 3 + y) * 4 + x) * 3 + c]!;
  const expected = range(2 * 2 * 2 * 2).map((i) => {
    const [row, y, x, unit] = [i >> 3, (i >> 2) & 1, (i >> 1) & 1, i & 1];
    const ys = [2 * y, 2 * y + 1].filter((inside) => inside < 3);
    return sum(
      range(3).map((c) => {
        const pooled = mean(ys.flatMap((py) => [at(row, py, 2 * x, c), at(row, py, 2 * x + 1, c)]));
        return (
          pooled * weight('0-residual/1-dense/kernel', c, unit) +
          at(row, 2 * y, 2 * x, c) * weight('0-residual/projection/kernel', c, unit)
        );
      }),
    );
  });
  expectClose(output, expected);
});

test('positionalEmbedding adds the same vector to the same place of every row', () => {
  const { input, output, weight } = run([{ positionalEmbedding: {} }], [3, 2]);
  const expected = range(12).map(
    (i) => input[i]! + weight('0-positionalEmbedding/embeddings', Math.floor(i / 2) % 3, i % 2),
  );
  expectClose(output, expected);
});

test('transformerBlock is the two residual blocks that it stands for', () => {
  const block = run([{ transformerBlock: { numHeads: 2, intermediateDim: 5, activation: 'relu' } }], [3, 4]);
  const layerNormalization = { epsilon: 1e-5 };
  const parts = run(
    [
      { residual: { layers: [{ layerNormalization }, { multiHeadAttention: { numHeads: 2 } }] } },
      {
        residual: {
          layers: [{ layerNormalization }, { dense: { units: 5, activation: 'relu' } }, { dense: { units: 4 } }],
        },
      },
    ],
    [3, 4],
  );
  expect(block.output).toEqual(parts.output);
});
