import type { Stack } from '../layer/stack.ts';
import { sizeOf, viewOf, type Shape } from '../layout.ts';

/** A stack with its values, flat, in the stack's layout. */
export interface ModelPart {
  readonly name: 'adapter' | 'trunk' | 'head';
  readonly stack: Stack;
  readonly values: Float32Array;
}

/** A model as it is taken home: parts one after the other, each taking what the one before gives. */
export interface ExportedModel {
  readonly name: string;
  readonly parts: readonly ModelPart[];
  /** What turns the last part's outputs into scores; null: they are what is wanted. */
  readonly scores: 'softmax' | 'sigmoid' | null;
  /** Free texts that go into the file where its format has room for them: run, round, task, classes. */
  readonly about: Readonly<Record<string, string>>;
}

/** One layer of a model with its arguments and weights, under a name that is unique in the model. */
export interface ModelLayer {
  readonly name: string;
  /** `own`: a client module defines it. */
  readonly kind: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly weights: readonly { readonly name: string; readonly shape: Shape; readonly values: Float32Array }[];
  /** Of a block: the layers in it, whose weights are the first of its own. */
  readonly inner?: readonly ModelLayer[];
}

/** All layers of a model from input to output. */
export const layersOf = ({ parts }: ExportedModel): ModelLayer[] => parts.flatMap(layersOfPart);

function layersOfPart({ name, stack, values }: ModelPart): ModelLayer[] {
  const weights = stack.layout.slots.map((slot) => viewOf(values, slot));
  return layersOfStack(name, stack, weights);
}

/** @param values of the stack's weights, and maybe of more behind them */
function layersOfStack(part: string, stack: Stack, values: readonly Float32Array[]): ModelLayer[] {
  let used = 0;
  return stack.layers.map((layer, i) => {
    const [kind, args] = Object.entries(stack.specs[i]!)[0]!;
    const own = values.slice(used, used + layer.weights.length);
    used += own.length;
    return {
      name: `${part}-${layer.path}`,
      // Arguments of a layer that a run file may name are always filled in.
      kind: args === undefined ? 'own' : kind,
      args: (args ?? {}) as ModelLayer['args'],
      inputShape: layer.inputShape,
      outputShape: layer.outputShape,
      weights: layer.weights.map(({ name, shape }, at) => ({ name, shape, values: own[at]! })),
      ...(layer.inner && { inner: layersOfStack(part, layer.inner, own) }),
    };
  });
}

/** Values in all. */
export const parametersOf = ({ parts }: ExportedModel): number =>
  parts.reduce((sum, { stack }) => sum + stack.layout.length, 0);

/** Float32 little-endian bytes of some weights, one after the other. */
export function bytesOfWeights(weights: ModelLayer['weights']): Uint8Array {
  const all = new Float32Array(weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  let at = 0;
  for (const { values } of weights) {
    all.set(values, at);
    at += values.length;
  }
  return new Uint8Array(all.buffer);
}
