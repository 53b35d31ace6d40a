import { fail } from '@trunkline/protocol';
import { isRefused } from '../layer/allow-list.ts';
import type { LayerSpec } from '../layer/spec.ts';
import { activationName, initializerName } from './keras-names.ts';
import type { KerasLayer } from './keras-chain.ts';

export interface KerasPlace {
  readonly at: string;
  /** Axes of the layer's input, without the batch. */
  rank(): number;
}

const convolution = [
  'kernel_size',
  'strides',
  'padding',
  'dilation_rate',
  'activation',
  'use_bias',
  'bias_initializer',
];
const pooling = ['pool_size', 'strides', 'padding'];
const normalization = ['epsilon', 'center', 'scale', 'gamma_initializer', 'beta_initializer'];

/** Keras class → our layer and those of its arguments that both have. */
const KINDS: Readonly<Record<string, readonly [kind: string, ...keys: string[]]>> = {
  Dense: ['dense', 'units', 'activation', 'use_bias', 'kernel_initializer', 'bias_initializer'],
  Conv2D: ['conv2d', 'filters', 'kernel_initializer', ...convolution],
  DepthwiseConv2D: ['depthwiseConv2d', 'depth_multiplier', 'depthwise_initializer', ...convolution],
  MaxPooling2D: ['maxPooling2d', ...pooling],
  AveragePooling2D: ['averagePooling2d', ...pooling],
  GlobalAveragePooling2D: ['globalAveragePooling2d'],
  GlobalAveragePooling1D: ['globalAveragePooling1d'],
  Flatten: ['flatten'],
  Reshape: ['reshape', 'target_shape'],
  Activation: ['activation', 'activation'],
  Dropout: ['dropout', 'rate'],
  LayerNormalization: ['layerNormalization', ...normalization],
  GroupNormalization: ['groupNormalization', 'groups', ...normalization],
  Embedding: ['embedding', 'input_dim', 'output_dim', 'embeddings_initializer'],
  ReLU: ['activation'],
  LeakyReLU: ['activation'],
  ELU: ['activation'],
  Softmax: ['activation'],
};

/** Keys that say nothing about the values a layer computes, or whose value here is the only one we compute. */
const IGNORED: Readonly<Record<string, readonly unknown[] | 'any'>> = {
  ...Object.fromEntries(
    ['name', 'dtype', 'batch_shape', 'batch_input_shape', 'seed', 'input_length', 'autocast', 'sparse'].map((key) => [
      key,
      'any',
    ]),
  ),
  trainable: [true],
  data_format: ['channels_last'],
  groups: [1],
  mask_zero: [false],
  keepdims: [false],
  supports_masking: [true, false],
  rms_scaling: [false],
  max_value: [6],
  negative_slope: [0, 0.2],
  alpha: [0.2, 1],
  threshold: [0],
};

/**
 * A Keras layer as a run file would write it; undefined for the input layer.
 * @throws LAYER_UNKNOWN, LAYER_REFUSED, CONFIG_INVALID for an argument that would change what the layer computes
 */
export function translate({ kind, config }: KerasLayer, place: KerasPlace): LayerSpec | undefined {
  if (kind === 'InputLayer') return undefined;
  if (isRefused(kind)) throw fail('LAYER_REFUSED', { at: place.at, layer: kind });
  const entry = Object.hasOwn(KINDS, kind) ? KINDS[kind]! : undefined;
  if (!entry) throw fail('LAYER_UNKNOWN', { at: place.at, layer: kind, known: Object.keys(KINDS).join(', ') });
  const [name, ...keys] = entry;
  const args: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    // Null is Keras' word for an argument that was left out.
    if (value === null) continue;
    if (keys.includes(key)) args[camelCase(key)] = argument(key, value, place);
    else if (!isIgnored(key, value, place)) throw unsupported(place, key, value);
  }
  const own = OWN_ACTIVATION[kind];
  return { [name]: own ? { activation: own(config, place) } : args };
}

/** Activations that are layers of their own: the one of ours that computes the same. */
const OWN_ACTIVATION: Readonly<Record<string, (config: KerasLayer['config'], place: KerasPlace) => string>> = {
  ReLU(config, place) {
    const slope = config.negative_slope ?? 0;
    if (slope !== 0 && (slope !== 0.2 || config.max_value != null)) throw unsupported(place, 'negative_slope', slope);
    return slope === 0.2 ? 'leakyRelu' : config.max_value == null ? 'relu' : 'relu6';
  },
  LeakyReLU(config, place) {
    // Keras' own default is 0.3.
    const slope = config.negative_slope ?? config.alpha ?? 0.3;
    if (slope !== 0.2) throw unsupported(place, 'negative_slope', slope);
    return 'leakyRelu';
  },
  ELU(config, place) {
    if ((config.alpha ?? 1) !== 1) throw unsupported(place, 'alpha', config.alpha);
    return 'elu';
  },
  Softmax: () => 'softmax',
};

function argument(key: string, value: unknown, place: KerasPlace): unknown {
  const refuse = () => unsupported(place, key, value);
  if (key === 'activation') return activationName(value) ?? raise(refuse());
  if (key.endsWith('_initializer')) return initializerName(value) ?? raise(refuse());
  return value;
}

function isIgnored(key: string, value: unknown, place: KerasPlace): boolean {
  if (key === 'axis') {
    const axis: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    // Keras stores the axis as counted from the batch, once the layer has been built.
    return axis === -1 || axis === place.rank();
  }
  const allowed = Object.hasOwn(IGNORED, key) ? IGNORED[key]! : [];
  return allowed === 'any' || allowed.includes(value);
}

const camelCase = (key: string) => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

function raise(error: Error): never {
  throw error;
}

const unsupported = (place: KerasPlace, key: string, value: unknown) =>
  fail('CONFIG_INVALID', {
    at: place.at,
    key,
    problem: `${JSON.stringify(value)} is not supported: a trunk without it would compute something else.`,
    remedy: 'Remove it from the model, or write the layers in the run file.',
  });
