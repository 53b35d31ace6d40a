import { describe, expect, test } from 'vitest';
import { checkConfig, parseYaml } from '../config/index.ts';
import { toTrunklineError } from '@trunkline/protocol';
import { buildTrunk, initialTrunk, trunkSchema, type TrunkSpec } from './index.ts';

const hospitals: TrunkSpec = {
  input: [28, 28, 1],
  layers: [
    { conv2d: { filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' } },
    { maxPooling2d: { poolSize: 2 } },
    { residual: { layers: [{ groupNormalization: { groups: 4 } }, { conv2d: { filters: 8, kernelSize: 1 } }] } },
    { flatten: null },
    { dropout: { rate: 0.3 } },
    { dense: { units: 128, activation: 'relu' } },
  ],
};
const build = (spec: TrunkSpec) => buildTrunk(spec, { at: 'trunk' });

test('lays out every weight by the path of its layer, nested ones too', () => {
  const trunk = build(hospitals);
  expect(trunk.outputShape).toEqual([128]);
  expect(trunk.layout.slots.map(({ name, shape }) => `${name} ${shape.join('x')}`)).toEqual([
    '0-conv2d/kernel 3x3x1x16',
    '0-conv2d/bias 16',
    '2-residual/0-groupNormalization/gamma 16',
    '2-residual/0-groupNormalization/beta 16',
    '2-residual/1-conv2d/kernel 1x1x16x8',
    '2-residual/1-conv2d/bias 8',
    '2-residual/projection/kernel 16x8',
    '5-dense/kernel 1568x128',
    '5-dense/bias 128',
  ]);
});

test('is the same trunk again when built from its own spec, as it crosses the wire', () => {
  const trunk = build(hospitals);
  const again = build(JSON.parse(JSON.stringify(trunk.spec)) as TrunkSpec);
  expect(again.digest).toBe(trunk.digest);
  expect(again.spec).toEqual(trunk.spec);
});

describe('the fingerprint', () => {
  const dense = { units: 8, activation: 'relu', kernelInitializer: 'heNormal' };
  const base: TrunkSpec = { input: [4], layers: [{ dense }, { dropout: { rate: 0.3 } }] };
  const dropout = base.layers[1]!;
  const changed: [what: string, TrunkSpec][] = [
    ['input', { ...base, input: [5] }],
    ['units', { ...base, layers: [{ dense: { ...dense, units: 9 } }, dropout] }],
    ['activation', { ...base, layers: [{ dense: { ...dense, activation: 'tanh' } }, dropout] }],
    ['initializer', { ...base, layers: [{ dense: { ...dense, kernelInitializer: 'heUniform' } }, dropout] }],
    ['bias', { ...base, layers: [{ dense: { ...dense, useBias: false } }, dropout] }],
    ['a layer without weights', { ...base, layers: [{ dense }] }],
    ['a rate', { ...base, layers: [{ dense }, { dropout: { rate: 0.4 } }] }],
    ['the order', { ...base, layers: [dropout, { dense }] }],
    ['nesting', { ...base, layers: [{ residual: { layers: [{ dense }] } }, dropout] }],
  ];
  test.each(changed)('changes with %s', (_, spec) => {
    expect(build(spec).digest).not.toBe(build(base).digest);
  });

  test('does not change with the order of keys, nor with a default that is written out', () => {
    const written = { kernelInitializer: 'heNormal', useBias: true, activation: 'relu', units: 8 };
    expect(build({ ...base, layers: [{ dense: written }, dropout] }).digest).toBe(build(base).digest);
    const nested = (args: object) => build({ ...base, layers: [{ residual: { layers: [{ dense: args }] } }] }).digest;
    expect(nested(written)).toBe(nested(dense));
  });
});

test('trunk 0 depends on the seed and on nothing else', () => {
  const trunk = build(hospitals);
  expect(initialTrunk(trunk, 1)).toEqual(initialTrunk(build(hospitals), 1));
  expect(initialTrunk(trunk, 1)).not.toEqual(initialTrunk(trunk, 2));
  expect(initialTrunk(trunk, 1)).toHaveLength(trunk.layout.length);
});

describe('bad input names file, line, value and remedy', () => {
  const said = (text: string) => {
    const file = parseYaml(text, 'run.yaml');
    try {
      const config = checkConfig(trunkSchema, file.value, (path) => file.at(path));
      buildTrunk(config as TrunkSpec, { at: (path) => file.at(path) });
    } catch (thrown) {
      const { code, message, hint, exit } = toTrunklineError(thrown);
      return `${code} (${exit})\n${message}\n${hint}`;
    }
    throw new Error('Nothing was refused.');
  };
  const layers = (...lines: string[]) =>
    ['input: [8, 8, 1]', 'layers:', ...lines.map((line) => `  - ${line}`)].join('\n');

  test('unknown layer', () => {
    expect(said(layers('conv2: { filters: 4 }'))).toMatchInlineSnapshot(`
      "LAYER_UNKNOWN (2)
      run.yaml:3:12: unknown layer \`conv2\`.
      Known layers: conv2d (the nearest), dense, depthwiseConv2d, maxPooling2d, averagePooling2d, globalAveragePooling2d, globalAveragePooling1d, flatten, reshape, activation, dropout, groupNormalization, layerNormalization, embedding, positionalEmbedding, multiHeadAttention, residual, transformerBlock."
    `);
    expect(said(layers('transmogrifier: {}'))).toMatchInlineSnapshot(`
      "LAYER_UNKNOWN (2)
      run.yaml:3:21: unknown layer \`transmogrifier\`.
      Known layers: dense, conv2d, depthwiseConv2d, maxPooling2d, averagePooling2d, globalAveragePooling2d, globalAveragePooling1d, flatten, reshape, activation, dropout, groupNormalization, layerNormalization, embedding, positionalEmbedding, multiHeadAttention, residual, transformerBlock."
    `);
  });
  test('BatchNormalization, by any of its names, at any depth', () => {
    expect(said(layers('batchNormalization: {}'))).toMatchInlineSnapshot(`
      "LAYER_REFUSED (2)
      run.yaml:3:25: batchNormalization cannot be part of a trunk: its batch statistics leak between clients and differ from client to client.
      Use groupNormalization or layerNormalization instead."
    `);
    expect(said(layers('residual: { layers: [BatchNorm: {}] }'))).toMatchInlineSnapshot(`
      "LAYER_REFUSED (2)
      run.yaml:3:37: BatchNorm cannot be part of a trunk: its batch statistics leak between clients and differ from client to client.
      Use groupNormalization or layerNormalization instead."
    `);
  });
  test('arguments', () => {
    expect(said(layers('flatten:', 'dense: { unit: 4 }'))).toMatchInlineSnapshot(`
      "CONFIG_UNKNOWN_KEY (2)
      run.yaml:4:20: unknown key \`dense.unit\`.
      Did you mean \`units\`?"
    `);
    expect(said(layers('flatten:', 'dense: { units: 4, activatoin: relu }'))).toMatchInlineSnapshot(`
      "CONFIG_UNKNOWN_KEY (2)
      run.yaml:4:36: unknown key \`dense.activatoin\`.
      Did you mean \`activation\`?"
    `);
    expect(said(layers('dense: { units: many }'))).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:3:21: dense.units: expected a number; found "many".
      Correct the value; docs/reference explains the key."
    `);
    expect(said(layers('dense: { units: 4, activation: rely }'))).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:3:36: dense.activation: expected one of linear, relu, relu6, leakyRelu, elu, selu, gelu, sigmoid, tanh, softplus, swish, softmax; found "rely".
      Did you mean \`relu\`?"
    `);
    expect(said(layers('conv2d: { filters: 4, kernelSize: [3, 0] }'))).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:3:43: conv2d.kernelSize.1: expected a number > 0; found 0.
      Correct the value; docs/reference explains the key."
    `);
    expect(said(layers('conv2d: { filters: 4, kernelSize: 3, strides: 2, dilationRate: 2 }'))).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:3:68: conv2d.dilationRate: expected 1 where strides are greater than 1; found 2.
      Correct the value; docs/reference explains the key."
    `);
    expect(said(layers('dropout: { rate: 1 }'))).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:3:22: dropout.rate: expected a number < 1; found 1.
      Correct the value; docs/reference explains the key."
    `);
    expect(said(layers('reshape: { targetShape: [-1, -1] }'))).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:3:29: reshape.targetShape: expected at most one -1; found [-1,-1].
      Correct the value; docs/reference explains the key."
    `);
    expect(said(layers('residual: { layers: [{ dense: { units: x } }] }'))).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:3:44: dense.units: expected a number; found "x".
      Correct the value; docs/reference explains the key."
    `);
  });
  test('shapes', () => {
    expect(said(layers('flatten:', 'conv2d: { filters: 4, kernelSize: 3 }'))).toMatchInlineSnapshot(`
      "LAYER_SHAPE (2)
      run.yaml:4:13: conv2d cannot follow an output of shape [64]: it expects [height, width, channels].
      Put a layer between them that changes the shape (for example flatten), or correct the input shape."
    `);
    expect(said(layers('conv2d: { filters: 4, kernelSize: 9 }'))).toMatchInlineSnapshot(`
      "LAYER_SHAPE (2)
      run.yaml:3:13: conv2d cannot follow an output of shape [8, 8, 1]: it expects at least 9 x 9 pixels, or \`padding: same\`.
      Put a layer between them that changes the shape (for example flatten), or correct the input shape."
    `);
    expect(said(layers('reshape: { targetShape: [-1, 7] }'))).toMatchInlineSnapshot(`
      "LAYER_SHAPE (2)
      run.yaml:3:14: reshape cannot follow an output of shape [8, 8, 1]: it expects a multiple of 7 elements for [-1, 7].
      Put a layer between them that changes the shape (for example flatten), or correct the input shape."
    `);
    expect(said(layers('groupNormalization: {}'))).toMatchInlineSnapshot(`
      "LAYER_SHAPE (2)
      run.yaml:3:25: groupNormalization cannot follow an output of shape [8, 8, 1]: it expects a last axis that 32 groups divide evenly.
      Put a layer between them that changes the shape (for example flatten), or correct the input shape."
    `);
    expect(said(layers('globalAveragePooling1d: {}'))).toMatchInlineSnapshot(`
      "LAYER_SHAPE (2)
      run.yaml:3:29: globalAveragePooling1d cannot follow an output of shape [8, 8, 1]: it expects [tokens, features].
      Put a layer between them that changes the shape (for example flatten), or correct the input shape."
    `);
    expect(said(layers('residual: { layers: [flatten: {}] }'))).toMatchInlineSnapshot(`
      "LAYER_SHAPE (2)
      run.yaml:3:15: residual cannot follow an output of shape [8, 8, 1]: it expects layers whose output, here [64], differs from their input in the last axis alone, or in an image's size by a whole stride.
      Put a layer between them that changes the shape (for example flatten), or correct the input shape."
    `);
    expect(said(layers('residual: { layers: [flatten: {}, maxPooling2d: {}] }'))).toMatchInlineSnapshot(`
      "LAYER_SHAPE (2)
      run.yaml:3:53: maxPooling2d cannot follow an output of shape [64]: it expects [height, width, channels].
      Put a layer between them that changes the shape (for example flatten), or correct the input shape."
    `);
  });
  test('the form of the key', () => {
    expect(said('input: [4]\nlayer: [dense: { units: 4 }]')).toMatchInlineSnapshot(`
      "CONFIG_UNKNOWN_KEY (2)
      run.yaml:2:8: unknown key \`layer\`.
      Did you mean \`layers\`?"
    `);
    expect(said('input: [4]')).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:1:1: layers: missing; expected a list of layers, or \`file\` with a Keras JSON file.
      Add the key; docs/reference explains it."
    `);
    expect(said('layers: [dense: { units: 4 }]')).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:1:1: input: missing; expected the shape of one input, for example [28, 28, 1].
      Add the key; docs/reference explains it."
    `);
    expect(said('input: [4]\nlayers: []\nfile: trunk.json')).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:3:7: file: expected either \`layers\` or \`file\`, not both; found "trunk.json".
      Correct the value; docs/reference explains the key."
    `);
    expect(said('input: [4]\nlayers: [{ dense: { units: 4 }, flatten: {} }]')).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:2:10: layers.0: expected one layer and its arguments, for example \`dense: { units: 64 }\`; found {"dense":{"units":4},"flatten":{}}.
      Correct the value; docs/reference explains the key."
    `);
    expect(said('input: [4, 0]\nlayers: [dense: { units: 4 }]')).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:1:12: input.1: expected a number > 0; found 0.
      Correct the value; docs/reference explains the key."
    `);
  });
  test('the form of a layer, where the spec came by another way than a run file', () => {
    const two = { input: [4], layers: [{ dense: { units: 4 }, flatten: {} }] };
    expect(() => build(two)).toThrowErrorMatchingInlineSnapshot(
      `[TrunklineError: trunk.layers[0]: layers: expected one layer and its arguments, for example \`dense: { units: 64 }\`; found {"dense":{"units":4},"flatten":{}}.]`,
    );
    expect(() => build({ input: [4], layers: ['dense' as never] })).toThrowErrorMatchingInlineSnapshot(
      `[TrunklineError: trunk.layers[0]: layers: expected one layer and its arguments, for example \`dense: { units: 64 }\`; found "dense".]`,
    );
  });
  test('size, before anything is allocated', () => {
    expect(said(layers('flatten:', 'dense: { units: 100000000 }'))).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:2:1: layers: 6500000000 parameters; the limit is 500000000.
      Make the layers smaller."
    `);
    expect(said('input: [100000, 100000, 3]\nlayers: [globalAveragePooling2d:, dense: { units: 1 }]'))
      .toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:1:8: input: 30000000000 elements; the limit is 500000000.
      Make the input smaller."
    `);
    expect(said(layers('flatten:'))).toMatchInlineSnapshot(`
      "CONFIG_INVALID (2)
      run.yaml:2:1: layers: no layer with weights: there is nothing to share.
      Add a layer with weights, for example dense."
    `);
    let nested: object = { dense: { units: 1 } };
    for (let depth = 0; depth < 5_000; depth++) nested = { residual: { layers: [nested] } };
    expect(() => build({ input: [1], layers: [nested as never] })).toThrow('more than 1000 layers');
  });
});
