import { createHash } from 'node:crypto';
import { fail, limits } from '@trunkline/protocol';
import { initialValues } from '../layer/initial-values.ts';
import { below, locate, type At } from '../layer/spec.ts';
import { placeStack, type Stack } from '../layer/stack.ts';
import { layoutDigest, sizeOf } from '../layout.ts';
import { randomStream } from '../random.ts';
import type { TrunkSpec } from './spec.ts';

/** The shared layers: shapes and layout, not their values, which are one flat Float32Array in that layout. */
export interface Trunk extends Stack {
  /** What it was built from, every argument filled in: another machine builds the same trunk from it. */
  readonly spec: TrunkSpec;
  /** Fingerprint, hex: equal for two trunks exactly if input, layers, arguments and layout are equal. */
  readonly digest: string;
}

/**
 * Shapes and layout of a trunk; loads no tfjs. Safe to call on a spec from the network: names are on the allow-list, and
 * sizes within the limits, before anything is allocated.
 * @throws LAYER_UNKNOWN, LAYER_REFUSED, LAYER_SHAPE, CONFIG_INVALID, CONFIG_UNKNOWN_KEY
 */
export function buildTrunk({ input, layers }: TrunkSpec, { at }: { at: At }): Trunk {
  const where = locate(at, ['layers']);
  if (countLayers(layers) > limits.trunkLayers) {
    throw unusable(where, 'layers', `more than ${limits.trunkLayers} layers`, 'Use fewer layers.');
  }
  if (!(sizeOf(input) <= limits.trunkElements)) {
    const problem = `${sizeOf(input)} elements; the limit is ${limits.trunkElements}`;
    throw unusable(locate(at, ['input']), 'input', problem, 'Make the input smaller.');
  }
  const stack = placeStack(layers, input, { at: below(at, ['layers']) });
  const { length } = stack.layout;
  if (!(length <= limits.trunkElements)) {
    throw unusable(
      where,
      'layers',
      `${length} parameters; the limit is ${limits.trunkElements}`,
      'Make the layers smaller.',
    );
  }
  if (length === 0) {
    throw unusable(
      where,
      'layers',
      'no layer with weights: there is nothing to share',
      'Add a layer with weights, for example dense.',
    );
  }
  const spec = { input: [...input], layers: stack.specs };
  const digest = createHash('sha256')
    .update(JSON.stringify([spec, layoutDigest(stack.layout)]))
    .digest('hex');
  return { ...stack, spec, digest };
}

/** Trunk 0 of a run: flat, in the trunk's layout. Each weight from its own stream (seed, "trunk", slot). */
export const initialTrunk = (trunk: Trunk, seed: number): Float32Array =>
  initialValues(trunk, (slot) => randomStream(seed, 'trunk', slot));

const unusable = (at: string, key: string, problem: string, remedy: string) =>
  fail('CONFIG_INVALID', { at, key, problem: `${problem}.`, remedy });

/** Nested ones included. Without recursion: the nesting may be an attacker's. Stops past the limit. */
function countLayers(layers: readonly unknown[]): number {
  const waiting = [...layers];
  let count = 0;
  while (waiting.length > 0 && count <= limits.trunkLayers) {
    const spec = waiting.pop();
    count++;
    for (const args of Object.values((spec ?? {}) as Record<string, unknown>)) {
      const inner = (args as { layers?: unknown } | null)?.layers;
      if (Array.isArray(inner)) waiting.push(...(inner as unknown[]));
    }
  }
  return count;
}
