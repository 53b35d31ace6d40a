import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { viewOf, type Shape } from '../layout.ts';
import { forward } from './forward.ts';
import { initialValues } from './initial-values.ts';
import type { LayerSpec } from './spec.ts';
import { placeStack } from './stack.ts';

beforeAll(() => tf.setBackend('cpu'));
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

type Reference = tf.layers.Layer;
const image: Shape = [7, 6, 3];
const cases: [name: string, Shape, LayerSpec, () => Reference][] = [
  ['dense', [5], { dense: { units: 4, activation: 'relu' } }, () => tf.layers.dense({ units: 4, activation: 'relu' })],
  ['dense on tokens', [3, 5], { dense: { units: 4 } }, () => tf.layers.dense({ units: 4 })],
  ['dense, no bias', [5], { dense: { units: 4, useBias: false } }, () => tf.layers.dense({ units: 4, useBias: false })],
  ['conv2d', image, { conv2d: { filters: 4, kernelSize: 3 } }, () => tf.layers.conv2d({ filters: 4, kernelSize: 3 })],
  [
    'conv2d, same and strided',
    image,
    { conv2d: { filters: 4, kernelSize: [3, 2], strides: 2, padding: 'same', activation: 'tanh' } },
    () => tf.layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: 2, padding: 'same', activation: 'tanh' }),
  ],
  [
    'conv2d, dilated',
    image,
    { conv2d: { filters: 2, kernelSize: 3, dilationRate: 2 } },
    () => tf.layers.conv2d({ filters: 2, kernelSize: 3, dilationRate: 2 }),
  ],
  [
    'conv2d, dilated and same',
    image,
    { conv2d: { filters: 2, kernelSize: [2, 3], dilationRate: [3, 2], padding: 'same' } },
    () => tf.layers.conv2d({ filters: 2, kernelSize: [2, 3], dilationRate: [3, 2], padding: 'same' }),
  ],
  [
    'depthwiseConv2d',
    image,
    { depthwiseConv2d: { kernelSize: 3, strides: 2, depthMultiplier: 2, padding: 'same', activation: 'relu' } },
    () =>
      tf.layers.depthwiseConv2d({ kernelSize: 3, strides: 2, depthMultiplier: 2, padding: 'same', activation: 'relu' }),
  ],
  ['maxPooling2d', image, { maxPooling2d: {} }, () => tf.layers.maxPooling2d({ poolSize: 2 })],
  [
    'maxPooling2d, same',
    image,
    { maxPooling2d: { poolSize: 3, strides: 2, padding: 'same' } },
    () => tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
  ],
  [
    'averagePooling2d, same',
    image,
    { averagePooling2d: { poolSize: [2, 3], padding: 'same' } },
    () => tf.layers.averagePooling2d({ poolSize: [2, 3], padding: 'same' }),
  ],
  [
    'averagePooling2d, same and strided',
    image,
    { averagePooling2d: { poolSize: 3, strides: 2, padding: 'same' } },
    () => tf.layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
  ],
  ['globalAveragePooling2d', image, { globalAveragePooling2d: {} }, () => tf.layers.globalAveragePooling2d({})],
  ['globalAveragePooling1d', [4, 3], { globalAveragePooling1d: {} }, () => tf.layers.globalAveragePooling1d({})],
  [
    'embedding',
    [4],
    { embedding: { inputDim: 11, outputDim: 3 } },
    () => tf.layers.embedding({ inputDim: 11, outputDim: 3 }),
  ],
  ['flatten', image, { flatten: {} }, () => tf.layers.flatten()],
  ['reshape', image, { reshape: { targetShape: [-1, 9] } }, () => tf.layers.reshape({ targetShape: [-1, 9] })],
  ['layerNormalization', [3, 5], { layerNormalization: {} }, () => tf.layers.layerNormalization()],
  ...(
    ['relu', 'relu6', 'elu', 'selu', 'gelu', 'sigmoid', 'tanh', 'softplus', 'swish', 'softmax', 'linear'] as const
  ).map((name): (typeof cases)[number] => [
    `activation ${name}`,
    [5],
    { activation: { activation: name } },
    () => tf.layers.activation({ activation: name }),
  ]),
  ['activation leakyRelu', [5], { activation: { activation: 'leakyRelu' } }, () => tf.layers.leakyReLU({ alpha: 0.2 })],
];

describe('each layer has the shape and the values of its tf.layers namesake', () => {
  test.each(cases)('%s', (_, inputShape, spec, reference) => {
    tf.tidy(() => {
      const stack = placeStack([spec], inputShape, { at: 'layers' });
      const layer = reference();
      const normal = tf.randomNormal([2, ...inputShape], 0, 3, 'float32', 7);
      const input = 'embedding' in spec ? tf.floor(tf.clipByValue(tf.abs(normal), 0, 10)) : normal;
      const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [...inputShape] }), layer] });
      // Zeros and ones, the usual first values of biases and scales, would hide a weight that is not used.
      const flat = initialValues(stack, (slot) => randomStream(1, slot)).map((x, i) => x + 0.1 * Math.sin(i));
      const weights = stack.layout.slots.map((slot) => tf.tensor(viewOf(flat, slot), [...slot.shape]));
      layer.setWeights(weights);
      const expected = model.predict(input) as tf.Tensor;
      const found = forward(stack, input, weights, { tf, training: false, random: () => randomStream(1) });
      expect(found.shape).toEqual(expected.shape);
      expect(stack.outputShape).toEqual(expected.shape.slice(1));
      expect(tf.max(tf.abs(tf.sub(found, expected))).dataSync()[0]).toBeLessThan(1e-5);
      model.dispose();
    });
  });
});

test('depthwiseConv2d dilates as the core operation does, since tf.layers ignores its dilationRate', () => {
  tf.tidy(() => {
    const spec = { depthwiseConv2d: { kernelSize: [2, 3], dilationRate: [3, 2], padding: 'same', useBias: false } };
    const stack = placeStack([spec], image, { at: 'layers' });
    const input = tf.randomNormal<tf.Rank.R4>([2, 7, 6, 3], 0, 1, 'float32', 7);
    const kernel = tf.randomNormal<tf.Rank.R4>([2, 3, 3, 1], 0, 1, 'float32', 8);
    const expected = tf.depthwiseConv2d(input, kernel, 1, 'same', 'NHWC', [3, 2]);
    const found = forward(stack, input, [kernel], { tf, training: false, random: () => randomStream(1) });
    expect(stack.outputShape).toEqual(expected.shape.slice(1));
    expect(tf.max(tf.abs(tf.sub(found, expected))).dataSync()[0]).toBeLessThan(1e-5);
  });
});
