import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { sizeOf, viewOf, type Shape } from '../layout.ts';
import { ACTIVATIONS } from './activation-functions.ts';
import { forward } from './forward.ts';
import { initialValues } from './initial-values.ts';
import type { LayerSpec } from './spec.ts';
import { layerKinds, needsNativeOrCpu, placeStack } from './stack.ts';

beforeAll(async () => {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  setWasmPaths(`${dirname(wasm)}/dist/`);
  await tf.setBackend('cpu');
});
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const image: Shape = [4, 6, 4];
type Case = [name: string, Shape, LayerSpec];
const cases: Case[] = [
  ['dense', [5], { dense: { units: 3, activation: 'tanh' } }],
  ['dense on tokens', [2, 5], { dense: { units: 3, activation: 'gelu' } }],
  ['conv2d', image, { conv2d: { filters: 2, kernelSize: 3, strides: 2, padding: 'same', activation: 'elu' } }],
  ['conv2d, dilated', image, { conv2d: { filters: 2, kernelSize: 2, dilationRate: [2, 3], padding: 'same' } }],
  ['conv2d, padded', [3, 5, 2], { conv2d: { filters: 2, kernelSize: [3, 2], strides: [2, 1], padding: 'same' } }],
  ['depthwiseConv2d', image, { depthwiseConv2d: { kernelSize: 2, activation: 'sigmoid' } }],
  ['depthwiseConv2d, dilated', image, { depthwiseConv2d: { kernelSize: 2, dilationRate: 2, depthMultiplier: 2 } }],
  ['depthwiseConv2d, padded', [3, 5, 2], { depthwiseConv2d: { kernelSize: 3, strides: 2, padding: 'same' } }],
  ['maxPooling2d', image, { maxPooling2d: {} }],
  ['maxPooling2d, padded', [3, 5, 2], { maxPooling2d: { padding: 'same' } }],
  ['averagePooling2d', image, { averagePooling2d: {} }],
  ['averagePooling2d, padded', [3, 5, 2], { averagePooling2d: { poolSize: 3, strides: 2, padding: 'same' } }],
  ['globalAveragePooling2d', image, { globalAveragePooling2d: {} }],
  ['globalAveragePooling1d', [3, 4], { globalAveragePooling1d: {} }],
  ['flatten', image, { flatten: {} }],
  ['reshape', image, { reshape: { targetShape: [-1, 8] } }],
  ...ACTIVATIONS.map((name): Case => [`activation ${name}`, [6], { activation: { activation: name } }]),
  ['dropout', [40], { dropout: { rate: 0.5 } }],
  ['layerNormalization', [2, 6], { layerNormalization: {} }],
  ['layerNormalization, shift alone', [6], { layerNormalization: { scale: false } }],
  ['groupNormalization', image, { groupNormalization: { groups: 2 } }],
  ['groupNormalization of features, scale alone', [6], { groupNormalization: { groups: 2, center: false } }],
  ['embedding', [3], { embedding: { inputDim: 5, outputDim: 2 } }],
  ['positionalEmbedding', [3, 4], { positionalEmbedding: {} }],
  ['multiHeadAttention', [3, 4], { multiHeadAttention: { numHeads: 2, dropout: 0.2 } }],
  ['multiHeadAttention, no bias', [3, 4], { multiHeadAttention: { numHeads: 3, keyDim: 2, useBias: false } }],
  ['residual', [4], { residual: { layers: [{ dense: { units: 4, activation: 'tanh' } }] } }],
  ['residual, wider', [3, 4], { residual: { layers: [{ dense: { units: 6, activation: 'tanh' } }] } }],
  ['residual, strided', image, { residual: { layers: [{ averagePooling2d: {} }, { dense: { units: 3 } }] } }],
  ['residual of conv2d', image, { residual: { layers: [{ conv2d: { filters: 4, kernelSize: 1 } }] } }],
  ['transformerBlock', [3, 4], { transformerBlock: { numHeads: 2, intermediateDim: 5, dropout: 0.2 } }],
];

/** Distinct values in ±2: with ties or near ties, a maximum has no derivative that differences could show. */
const spread = (order: number[]) => Float32Array.from(order, (place) => (4 * (place + 0.5)) / order.length - 2);

/** Input, weights and a fixed direction c; the loss is Σ c · y, whose gradient is compared. */
function problem(inputShape: Shape, spec: LayerSpec) {
  const stack = placeStack([spec], inputShape, { at: 'layers' });
  const random = randomStream(5);
  const normal = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  const isToken = 'embedding' in spec;
  const input = isToken
    ? Float32Array.from({ length: 2 * sizeOf(inputShape) }, () => random.below(5))
    : spread(random.permutation(2 * sizeOf(inputShape)));
  const weights = initialValues(stack, (slot) => randomStream(2, slot)).map((value) => value + 0.2 * random.normal());
  const direction = normal(2 * sizeOf(stack.outputShape));
  const parts = [input, ...stack.layout.slots.map((slot) => viewOf(weights, slot))];
  const shapes = [[2, ...inputShape], ...stack.layout.slots.map(({ shape }) => shape)];
  const loss = (...tensors: tf.Tensor[]) => {
    const context = { tf, training: true, random: (layer: string) => randomStream(9, layer) };
    const y = forward(stack, tensors[0]!, tensors.slice(1), context);
    return tf.sum(tf.mul(y, tf.tensor(direction, y.shape))).asScalar();
  };
  const tensors = () => parts.map((values, i) => tf.tensor(values.slice(), [...shapes[i]!]));
  const gradients = () =>
    tf.tidy(() =>
      tf
        .grads(loss)(tensors())
        .map((gradient) => gradient.dataSync().slice()),
    );
  const value = () => tf.tidy(() => loss(...tensors()).dataSync()[0]!);
  return { stack, parts, isToken, gradients, value };
}

describe('the gradient of input and weights is that of finite differences', () => {
  test.each(cases)('%s', (_, inputShape, spec) => {
    const { parts, isToken, gradients, value } = problem(inputShape, spec);
    const found = gradients();
    for (const [i, part] of parts.entries()) {
      if (isToken && i === 0) {
        expect([...found[0]!]).toEqual([...part].map(() => 0));
        continue;
      }
      const differences = part.map((at, j) => {
        // Central differences of fourth order; the step balances truncation against float32 rounding.
        const step = 0.005;
        const [far, near, up, top] = [-2, -1, 1, 2].map((steps) => {
          part[j] = at + steps * step;
          return value();
        }) as [number, number, number, number];
        part[j] = at;
        return (8 * (up - near) - (top - far)) / (12 * step);
      });
      const largest = Math.max(...differences.map(Math.abs));
      const error = Math.max(...differences.map((difference, j) => Math.abs(difference - found[i]![j]!)));
      expect(error, `part ${i}`).toBeLessThan(2e-3 * Math.max(1, largest));
    }
  });

  test('covers every layer on the allow-list', () => {
    const covered = new Set(cases.map(([, , spec]) => Object.keys(spec)[0]));
    expect(Object.keys(layerKinds).filter((kind) => !covered.has(kind))).toEqual([]);
  });
});

describe('a layer says truly whether the wasm backend trains it', () => {
  beforeAll(() => tf.setBackend('wasm').then((ready) => expect(ready).toBe(true)));

  test.each(cases)('%s', async (_, inputShape, spec) => {
    const { stack, gradients } = problem(inputShape, spec);
    let found: ReturnType<typeof gradients> | undefined;
    try {
      found = gradients();
    } catch (thrown) {
      expect(String(thrown)).toContain('not registered');
      // tfjs itself keeps the tensors of a gradient that fails.
      before = tf.memory().numTensors;
    }
    await tf.setBackend('cpu');
    const expected = gradients();
    await tf.setBackend('wasm');
    const equal = found?.every((values, i) => values.every((value, j) => Math.abs(value - expected[i]![j]!) < 1e-4));
    expect(equal ?? false).toBe(!needsNativeOrCpu(stack));
  });
});
