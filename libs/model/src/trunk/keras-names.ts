import { ACTIVATIONS, type ActivationName } from '../layer/activation-functions.ts';
import type { InitializerName } from '../layer/layer.ts';

/** Our name of a Keras activation: a text, or Keras 3's reference to a function. Undefined where we have none. */
export function activationName(value: unknown): ActivationName | undefined {
  const name = typeof value === 'string' ? value : (value as { config?: unknown } | null)?.config;
  if (typeof name !== 'string') return undefined;
  const ours = ALIASES[name] ?? name;
  return ACTIVATIONS.find((known) => known === ours);
}

const ALIASES: Readonly<Record<string, ActivationName>> = { silu: 'swish', leaky_relu: 'leakyRelu' };

/**
 * Our name of a Keras initialiser: a text in snake case or camel case, or `{ class_name, config }`. Undefined where we have none,
 * and where its configuration is not the usual one.
 */
export function initializerName(value: unknown): InitializerName | undefined {
  const { class_name: name = value, config = {} } = Object(value) as { class_name?: unknown; config?: unknown };
  if (typeof name !== 'string') return undefined;
  const { seed: _, ...settings } = (config ?? {}) as Record<string, unknown>;
  const plain = name.replaceAll('_', '').toLowerCase();
  if (plain === 'variancescaling') return scaled(settings);
  const usual = USUAL[plain];
  const isUsual = Object.entries(settings).every(([key, setting]) => usual?.[1][key] === setting);
  return isUsual ? usual?.[0] : undefined;
}

/** Settings that an initialiser has when none are given. */
const USUAL: Readonly<Record<string, readonly [InitializerName, Readonly<Record<string, unknown>>]>> = {
  glorotuniform: ['glorotUniform', {}],
  glorotnormal: ['glorotNormal', {}],
  heuniform: ['heUniform', {}],
  henormal: ['heNormal', {}],
  lecununiform: ['lecunUniform', {}],
  lecunnormal: ['lecunNormal', {}],
  orthogonal: ['orthogonal', { gain: 1 }],
  uniform: ['randomUniform', {}],
  randomuniform: ['randomUniform', { minval: -0.05, maxval: 0.05 }],
  normal: ['randomNormal', {}],
  randomnormal: ['randomNormal', { mean: 0, stddev: 0.05 }],
  zeros: ['zeros', {}],
  ones: ['ones', {}],
};

/** tfjs and older versions of Keras write glorot, he and lecun as what they are: a scale, a fan and a distribution. */
function scaled({ scale, mode, distribution }: Record<string, unknown>): InitializerName | undefined {
  const families = { '1 fan_avg': 'glorot', '2 fan_in': 'he', '1 fan_in': 'lecun' } as const;
  const family = families[`${String(scale)} ${snake(mode)}` as keyof typeof families];
  const kinds = { uniform: 'Uniform', normal: 'Normal', truncated_normal: 'Normal' } as const;
  const kind = kinds[snake(distribution) as keyof typeof kinds];
  return family && kind ? `${family}${kind}` : undefined;
}

const snake = (value: unknown) => String(value).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
