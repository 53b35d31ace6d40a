import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toTrunklineError } from '@trunkline/protocol';
import { buildTrunk, trunkFromKeras } from './index.ts';

let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const load = (json: unknown, input?: number[]) => trunkFromKeras(json, { at: 'trunk.json', ...(input && { input }) });

function said(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    const { code, message, hint } = toTrunklineError(thrown);
    return `${code}\n${message}\n${hint}`;
  }
  throw new Error('Nothing was refused.');
}

/** A model.json as tfjs itself writes it. */
const tfjsFile = (model: tf.LayersModel): unknown => ({
  format: 'layers-model',
  modelTopology: model.toJSON(undefined, false),
});

test('reads what tfjs writes: the layout has the shapes of the model, in its order', () => {
  const { conv2d, depthwiseConv2d, maxPooling2d, layerNormalization, flatten, dense, dropout, activation } = tf.layers;
  const model = tf.sequential({
    layers: [
      conv2d({ inputShape: [12, 12, 3], filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
      depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }),
      maxPooling2d({ poolSize: 2 }),
      layerNormalization(),
      tf.layers.leakyReLU({ alpha: 0.2 }),
      tf.layers.reLU({ maxValue: 6 }),
      flatten(),
      dropout({ rate: 0.25 }),
      dense({ units: 6, kernelInitializer: 'heNormal', useBias: false }),
      activation({ activation: 'swish' }),
    ],
  });
  const read = load(tfjsFile(model));
  const trunk = buildTrunk(read, read);
  expect(trunk.layout.slots.map(({ shape }) => shape)).toEqual(model.getWeights().map(({ shape }) => shape));
  expect(trunk.outputShape).toEqual(model.outputShape.slice(1));
  expect(read.layers).toMatchObject([
    { conv2d: { filters: 4, strides: [2, 2], padding: 'same', activation: 'relu', kernelInitializer: 'glorotNormal' } },
    { depthwiseConv2d: { depthMultiplier: 2 } },
    { maxPooling2d: { poolSize: [2, 2] } },
    { layerNormalization: {} },
    { activation: { activation: 'leakyRelu' } },
    { activation: { activation: 'relu6' } },
    { flatten: {} },
    { dropout: { rate: 0.25 } },
    { dense: { units: 6, useBias: false, kernelInitializer: 'heNormal' } },
    { activation: { activation: 'swish' } },
  ]);
  model.dispose();
});

test('reads a functional chain of tfjs', () => {
  const input = tf.input({ shape: [5] });
  const hidden = tf.layers.dense({ units: 4, activation: 'tanh' }).apply(input) as tf.SymbolicTensor;
  const output = tf.layers.dense({ units: 3 }).apply(hidden) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: output });
  const read = load(tfjsFile(model));
  expect(read.input).toEqual([5]);
  expect(read.layers).toMatchObject([{ dense: { units: 4, activation: 'tanh' } }, { dense: { units: 3 } }]);
  model.dispose();
});

/** The form of `to_json()` in Keras 3, where objects carry their module and tensors their history. */
const object = (class_name: string, config: object) => ({ module: 'keras', class_name, config, registered_name: null });
const tensorOf = (layer: string) => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 8], dtype: 'float32', keras_history: [layer, 0, 0] },
});
const keras3 = (...layers: object[]) => object('Functional', { name: 'trunk', trainable: true, layers });
const node = (class_name: string, name: string, config: object, ...from: string[]) => ({
  ...object(class_name, { name, trainable: true, dtype: object('DTypePolicy', { name: 'float32' }), ...config }),
  name,
  inbound_nodes: from.length ? [{ args: from.map(tensorOf), kwargs: {} }] : [],
});
const inputNode = node('InputLayer', 'image', { batch_shape: [null, 8, 8, 4], sparse: false });

test('reads the form of Keras 3: functions and initialisers as objects, null for what is left out', () => {
  const json = keras3(
    inputNode,
    node('GroupNormalization', 'norm', { groups: 2, axis: -1, epsilon: 0.001, center: true, scale: false }, 'image'),
    node('GlobalAveragePooling2D', 'pool', { data_format: 'channels_last', keepdims: false }, 'norm'),
    node(
      'Dense',
      'hidden',
      {
        units: 5,
        activation: { module: 'builtins', class_name: 'function', config: 'gelu', registered_name: 'function' },
        kernel_initializer: object('HeUniform', { seed: null }),
        bias_initializer: object('Zeros', {}),
        kernel_regularizer: null,
      },
      'pool',
    ),
    node('LayerNormalization', 'last', { axis: [1], epsilon: 0.001 }, 'hidden'),
  );
  expect(load(json).layers).toEqual([
    { groupNormalization: { groups: 2, epsilon: 0.001, center: true, scale: false } },
    { globalAveragePooling2d: {} },
    { dense: { units: 5, activation: 'gelu', kernelInitializer: 'heUniform', biasInitializer: 'zeros' } },
    { layerNormalization: { epsilon: 0.001 } },
  ]);
});

test('reads models inside a model, and a bare list of layers as Keras wrote it before 2.2', () => {
  const dense = (units: number) => ({ class_name: 'Dense', config: { name: `dense_${units}`, units } });
  const inner = { class_name: 'Sequential', config: [dense(2), dense(3)] };
  expect(load({ class_name: 'Sequential', config: [dense(1), inner, dense(4)] }, [7]).layers).toEqual(
    [1, 2, 3, 4].map((units) => ({ dense: { units } })),
  );
});

describe('bad input names file, layer and remedy', () => {
  const sequential = (...layers: object[]) => ({
    class_name: 'Sequential',
    config: { layers: [inputNode, ...layers] },
  });
  const flat = node('Flatten', 'flat', {});

  test('layers', () => {
    expect(said(() => load(sequential(node('LSTM', 'lstm_1', { units: 3 }))))).toMatchInlineSnapshot(`
      "LAYER_UNKNOWN
      trunk.json: layer \`lstm_1\`: unknown layer \`LSTM\`.
      Known layers: Dense, Conv2D, DepthwiseConv2D, MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D, GlobalAveragePooling1D, Flatten, Reshape, Activation, Dropout, LayerNormalization, GroupNormalization, Embedding, ReLU, LeakyReLU, ELU, Softmax."
    `);
    expect(said(() => load(sequential(node('BatchNormalization', 'bn_1', {}))))).toMatchInlineSnapshot(`
      "LAYER_REFUSED
      trunk.json: layer \`bn_1\`: BatchNormalization cannot be part of a trunk: its batch statistics leak between clients and differ from client to client.
      Use groupNormalization or layerNormalization instead."
    `);
  });
  test('arguments that would change what is computed', () => {
    const dense = (config: object) => sequential(flat, node('Dense', 'hidden', { units: 4, ...config }));
    expect(said(() => load(dense({ kernel_regularizer: object('L2', { l2: 0.01 }) })))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: layer \`hidden\`: kernel_regularizer: {"module":"keras","class_name":"L2","config":{"l2":0.01},"registered_name":null} is not supported: a trunk without it would compute something else.
      Remove it from the model, or write the layers in the run file."
    `);
    expect(said(() => load(dense({ activation: 'mish' })))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: layer \`hidden\`: activation: "mish" is not supported: a trunk without it would compute something else.
      Remove it from the model, or write the layers in the run file."
    `);
    expect(said(() => load(dense({ trainable: false })))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: layer \`hidden\`: trainable: false is not supported: a trunk without it would compute something else.
      Remove it from the model, or write the layers in the run file."
    `);
    expect(said(() => load(dense({ kernel_initializer: object('RandomNormal', { mean: 0, stddev: 1 }) }))))
      .toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: layer \`hidden\`: kernel_initializer: {"module":"keras","class_name":"RandomNormal","config":{"mean":0,"stddev":1},"registered_name":null} is not supported: a trunk without it would compute something else.
      Remove it from the model, or write the layers in the run file."
    `);
    expect(said(() => load(sequential(node('LayerNormalization', 'norm', { axis: [1] }))))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: layer \`norm\`: axis: [1] is not supported: a trunk without it would compute something else.
      Remove it from the model, or write the layers in the run file."
    `);
    expect(said(() => load(sequential(node('LeakyReLU', 'leak', { negative_slope: 0.3 }))))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: layer \`leak\`: negative_slope: 0.3 is not supported: a trunk without it would compute something else.
      Remove it from the model, or write the layers in the run file."
    `);
  });
  test('what only building can find, by the name of the layer', () => {
    const read = load(sequential(flat, node('Conv2D', 'conv_1', { filters: 2, kernel_size: [3, 3] })));
    expect(said(() => buildTrunk(read, read))).toMatchInlineSnapshot(`
      "LAYER_SHAPE
      trunk.json: layer \`conv_1\`: conv2d cannot follow an output of shape [256]: it expects [height, width, channels].
      Put a layer between them that changes the shape (for example flatten), or correct the input shape."
    `);
  });
  test('the form of the file', () => {
    expect(said(() => load({ layers: [] }))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: file: expected a Sequential or Functional model as Keras or tfjs writes it.
      Write the file with \`model.to_json()\`, or take the model.json of tfjs."
    `);
    expect(said(() => load({ class_name: 'Sequential', config: [{ class_name: 'Flatten', config: {} }] })))
      .toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: input: the file does not give the shape of one input.
      Write it beside \`file\`, for example \`input: [28, 28, 1]\`."
    `);
    expect(said(() => load(sequential(flat), [9, 8, 4]))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: input: the model takes [8, 8, 4], the run file says [9, 8, 4].
      Remove \`input\` from the run file, or correct it."
    `);
    const [a, b] = ['a', 'b'].map((name) => node('Flatten', name, {}, 'image'));
    expect(said(() => load(keras3(inputNode, a!, b!)))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: file: the model is not one chain of layers: layers \`a\` and \`b\` share their input.
      Write its branches in the run file as \`residual: { layers: [...] }\`."
    `);
    expect(said(() => load(keras3(inputNode, a!, node('Add', 'sum', {}, 'image', 'a'))))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      trunk.json: file: the model is not one chain of layers: layer \`sum\` has 2 inputs.
      Write its branches in the run file as \`residual: { layers: [...] }\`."
    `);
  });
});
