import { fail } from '@trunkline/protocol';
import { LEAKY_SLOPE } from '../layer/index.ts';
import { layersOf, type ExportedModel, type ModelLayer } from './exported-model.ts';

/** A layer as Keras and tfjs write it, keys in snake case. */
export interface KerasLayerConfig {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
  /** In the order in which Keras builds them, with the names that tfjs gives them. */
  readonly weights: ModelLayer['weights'];
}

type Dialect = 'keras' | 'tfjs';

const convolution = ['kernelSize', 'strides', 'padding', 'dilationRate', 'activation', 'useBias'];
const pooling = ['poolSize', 'strides', 'padding'];
const normalization = ['epsilon', 'center', 'scale'];

/** Our layer → the class of Keras that computes the same, and the arguments that say what it computes. */
const CLASSES: Readonly<Record<string, readonly [className: string, ...keys: string[]]>> = {
  dense: ['Dense', 'units', 'activation', 'useBias'],
  conv2d: ['Conv2D', 'filters', ...convolution],
  depthwiseConv2d: ['DepthwiseConv2D', 'depthMultiplier', ...convolution],
  maxPooling2d: ['MaxPooling2D', ...pooling],
  averagePooling2d: ['AveragePooling2D', ...pooling],
  globalAveragePooling2d: ['GlobalAveragePooling2D'],
  globalAveragePooling1d: ['GlobalAveragePooling1D'],
  flatten: ['Flatten'],
  reshape: ['Reshape'],
  activation: ['Activation', 'activation'],
  dropout: ['Dropout', 'rate'],
  layerNormalization: ['LayerNormalization', ...normalization],
  groupNormalization: ['GroupNormalization', 'groups', ...normalization],
  embedding: ['Embedding', 'inputDim', 'outputDim'],
};

/** tfjs has no layer of this class. */
const NOT_IN_TFJS = ['groupNormalization'];

/**
 * The layers of a model as a sequential model of Keras (2 for tfjs, 3 for a `.keras` file) has them, scores included.
 * @throws EXPORT_LAYER for a layer that is no single layer there: a block, attention, a positional embedding, a client module's own
 */
export function kerasLayers(model: ExportedModel, dialect: Dialect): KerasLayerConfig[] {
  const layers = layersOf(model).flatMap((layer) => kerasLayer(layer, dialect));
  return model.scores === null ? layers : [...layers, activationLayer('scores', model.scores, dialect)];
}

function kerasLayer(layer: ModelLayer, dialect: Dialect): KerasLayerConfig[] {
  const { kind, name, args, inputShape, outputShape } = layer;
  const entry = Object.hasOwn(CLASSES, kind) ? CLASSES[kind]! : undefined;
  if (!entry || (dialect === 'tfjs' && NOT_IN_TFJS.includes(kind))) {
    const format = dialect === 'tfjs' ? 'a tfjs layers model' : 'a .keras file';
    throw fail('EXPORT_LAYER', { layer: name, format, why: 'it is no single layer there' });
  }
  // Where there is nothing to flatten, tfjs refuses to.
  if (kind === 'flatten' && inputShape.length === 1) return [];
  const [className, ...keys] = entry;
  const { activation = 'linear', ...rest } = args as { activation?: string };
  if (kind === 'activation') return [activationLayer(name, activation, dialect)];
  const known = Object.entries(rest).filter(([key, value]) => keys.includes(key) && value !== undefined);
  const config = {
    name,
    trainable: true,
    dtype: 'float32',
    ...Object.fromEntries(known.map(([key, value]) => [snakeCase(key), value])),
    ...(kind === 'reshape' ? { target_shape: outputShape } : {}),
  };
  const weights = layer.weights.map((weight) => ({ ...weight, name: snakeCase(weight.name) }));
  if (!keys.includes('activation')) return [{ className, config, weights }];
  if (activation === 'leakyRelu') {
    const linear = { className, config: { ...config, activation: 'linear' }, weights };
    return [linear, activationLayer(`${name}-activation`, activation, dialect)];
  }
  return [{ className, config: { ...config, activation: activationName(activation, dialect) }, weights }];
}

function activationLayer(name: string, activation: string, dialect: Dialect): KerasLayerConfig {
  const base = { name, trainable: true, dtype: 'float32' };
  if (activation !== 'leakyRelu') {
    const config = { ...base, activation: activationName(activation, dialect) };
    return { className: 'Activation', config, weights: [] };
  }
  // The default of Keras is another.
  const slope = dialect === 'tfjs' ? { alpha: LEAKY_SLOPE } : { negative_slope: LEAKY_SLOPE };
  return { className: 'LeakyReLU', config: { ...base, ...slope }, weights: [] };
}

const activationName = (name: string, dialect: Dialect): string =>
  name === 'swish' && dialect === 'keras' ? 'silu' : name;

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The shape of one input of a model. */
export const inputShapeOf = ({ parts }: ExportedModel): readonly number[] => parts[0]!.stack.inputShape;
