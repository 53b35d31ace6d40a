import type { NamedTensorMap, Variable } from '@tensorflow/tfjs';
import type { Stack } from '../layer/stack.ts';
import type { Tf } from '../layer/layer.ts';
import { viewOf, type Layout } from '../layout.ts';

/** The variables of a stack: one a slot of its layout. Their values are loaded from a flat array before every use. */
export interface Weights {
  readonly variables: readonly Variable[];
  /** Sets the variables to `flat`, which a backend may go on reading: it must not change before they are used. */
  load(flat: Float32Array): void;
  /** The gradient in the stack's layout, written to `into` or a new array; 0 for a variable that the loss does not reach. */
  gradient(named: NamedTensorMap, into?: Float32Array): Float32Array;
  dispose(): void;
}

export function createWeights(tf: Tf, { layout }: Pick<Stack, 'layout'>): Weights {
  const variables = tf.tidy(() => layout.slots.map(({ shape }) => tf.variable(tf.zeros([...shape]))));
  return {
    variables,
    load(flat) {
      for (const [i, slot] of layout.slots.entries()) {
        const value = tf.tensor(viewOf(flat, slot), [...slot.shape]);
        variables[i]!.assign(value);
        value.dispose();
      }
    },
    gradient: (named, into) => flatten({ layout, variables }, named, into),
    dispose: () => variables.forEach((variable) => variable.dispose()),
  };
}

function flatten(
  { layout, variables }: { readonly layout: Layout; readonly variables: readonly Variable[] },
  named: NamedTensorMap,
  into?: Float32Array,
): Float32Array {
  const flat = into ?? new Float32Array(layout.length);
  for (const [i, slot] of layout.slots.entries()) {
    const gradient = named[variables[i]!.name];
    if (gradient) flat.set(gradient.dataSync(), slot.offset);
    else viewOf(flat, slot).fill(0);
  }
  return flat;
}
