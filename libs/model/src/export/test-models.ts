import { initialValues } from '../layer/initial-values.ts';
import type { LayerSpec } from '../layer/spec.ts';
import { placeStack } from '../layer/stack.ts';
import { sizeOf, type Shape } from '../layout.ts';
import { randomStream } from '../random.ts';
import type { ExportedModel, ModelPart } from './exported-model.ts';

/** What tests of the export share: models with every layer that other tools have too. */

const part = (name: ModelPart['name'], specs: readonly LayerSpec[], input: Shape): ModelPart => {
  const stack = placeStack(specs, input, { at: name });
  const values = initialValues(stack, (slot) => randomStream(1, name, slot));
  // No bias and no normalisation may be what it would be without its weights.
  const noise = randomStream(2, name);
  return { name, stack, values: values.map((value) => value + 0.1 * noise.normal()) };
};

function chain(name: string, input: Shape, lists: readonly (readonly LayerSpec[])[]): ExportedModel {
  const parts: ModelPart[] = [];
  for (const [i, specs] of lists.entries()) {
    const before = parts.at(-1)?.stack.outputShape ?? input;
    parts.push(part((['adapter', 'trunk', 'head'] as const)[i]!, specs, before));
  }
  return { name, parts, scores: 'softmax', about: { task: name } };
}

const seen: readonly LayerSpec[] = [
  { conv2d: { filters: 4, kernelSize: 3, padding: 'same', activation: 'leakyRelu' } },
  { layerNormalization: {} },
  { maxPooling2d: { poolSize: 2, padding: 'same' } },
  { depthwiseConv2d: { kernelSize: 2, depthMultiplier: 2, activation: 'swish' } },
  { averagePooling2d: { poolSize: 2, strides: 1 } },
  { activation: { activation: 'leakyRelu' } },
];

/** Images of 11 x 10 in two channels. @param grouped with group normalisation, which tfjs has not */
export const imageModel = (grouped = false): ExportedModel =>
  chain(
    'images',
    [11, 10, 2],
    [
      [{ conv2d: { filters: 3, kernelSize: [2, 3], strides: 1, dilationRate: 2, activation: 'gelu' } }],
      [...seen, ...(grouped ? [{ groupNormalization: { groups: 4 } }] : []), { flatten: {} }],
      [
        { flatten: {} },
        { dense: { units: 5, activation: 'selu' } },
        { dropout: { rate: 0.5 } },
        { dense: { units: 3 } },
      ],
    ],
  );

/** Seven tokens out of eleven. */
export const tokenModel = (): ExportedModel =>
  chain(
    'tokens',
    [7],
    [
      [{ embedding: { inputDim: 11, outputDim: 6 } }],
      [{ dense: { units: 4, activation: 'relu6', useBias: false } }, { reshape: { targetShape: [7, -1, 2] } }],
      [{ globalAveragePooling2d: {} }, { dense: { units: 3, activation: 'softplus' } }],
    ],
  );

/** Blocks and attention over seven tokens, and a residual over images that halves them: what Keras has as no single layer. */
export const blockModels = (): readonly ExportedModel[] => [
  chain(
    'blocks',
    [7, 6],
    [
      [{ positionalEmbedding: {} }],
      [
        { transformerBlock: { numHeads: 2, intermediateDim: 5 } },
        { multiHeadAttention: { numHeads: 3, keyDim: 4, useBias: false } },
        { residual: { layers: [{ dense: { units: 8, activation: 'elu' } }] } },
      ],
      [{ globalAveragePooling1d: {} }, { dense: { units: 3, activation: 'tanh' } }],
    ],
  ),
  chain(
    'halved',
    [9, 8, 2],
    [
      [{ activation: { activation: 'softmax' } }, { activation: { activation: 'sigmoid' } }],
      [
        {
          residual: {
            layers: [
              { conv2d: { filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' } },
              { residual: { layers: [{ depthwiseConv2d: { kernelSize: 3, padding: 'same', dilationRate: [2, 1] } }] } },
            ],
          },
        },
        { averagePooling2d: { poolSize: [3, 2], strides: 2, padding: 'same' } },
      ],
      [{ flatten: {} }, { dense: { units: 3 } }],
    ],
  ),
];

/** Some rows that fit a model's input: whole numbers from 0 to 10 for tokens. */
export function someRows({ name, parts }: ExportedModel, rows: number): Float32Array {
  const random = randomStream(3, 'rows');
  const length = rows * sizeOf(parts[0]!.stack.inputShape);
  return Float32Array.from({ length }, () => (name === 'tokens' ? Math.floor(random.uniform() * 11) : random.normal()));
}
