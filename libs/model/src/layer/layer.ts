import type * as tfjs from '@tensorflow/tfjs';
import type { z } from 'zod';
import type { Shape } from '../layout.ts';
import type { Random } from '../random.ts';
import type { Stack } from './stack.ts';

/** The tfjs module, handed in by whoever chose the backend. No layer imports it at run time: the coordinator reads shapes only. */
export type Tf = typeof tfjs;
export type Tensor = tfjs.Tensor;

export type InitializerName =
  | 'glorotUniform'
  | 'glorotNormal'
  | 'heUniform'
  | 'heNormal'
  | 'lecunUniform'
  | 'lecunNormal'
  | 'orthogonal'
  | 'randomUniform'
  | 'randomNormal'
  | 'zeros'
  | 'ones';

export interface WeightSpec {
  /** Within the layer: `kernel`, `bias`, `gamma`, … */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerName;
}

/** What a forward pass may know beside its input. */
export interface ForwardContext {
  readonly tf: Tf;
  /** True while training: dropout is active. */
  readonly training: boolean;
  /** Chance for the layer of this path in this pass: keyed by (seed, stream, round, layer path). */
  random(layer: string): Random;
}

/** One layer, its arguments filled in, placed after an input of a known shape. Shapes are without the batch axis. */
export interface Layer {
  /** Path within its stack, e.g. `0-dense` or `3-residual/0-conv2d`. */
  readonly path: string;
  readonly kind: string;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly weights: readonly WeightSpec[];
  /** Of a block: the layers in it, whose weights are the first of its own. */
  readonly inner?: Stack;
  /** `not-wasm`: the wasm backend lacks a gradient that this layer needs. Left out: every backend trains it. */
  readonly trains?: 'everywhere' | 'not-wasm';
  /** x [batch, ...inputShape] → [batch, ...outputShape]; `weights` in the order of `weights`. Runs inside `tf.tidy`. */
  forward(x: Tensor, weights: readonly Tensor[], context: ForwardContext): Tensor;
}

/** Where a layer stands: for paths and for errors. */
export interface Place {
  readonly path: string;
  /** `file:line:column` or `trunk.layers[2]`: what an error shows. */
  readonly at: string;
  /** The same for a part of its arguments, e.g. `['layers', 2]`. Left out: `at` serves for all of them. */
  readonly within?: (path: readonly (string | number)[]) => string;
}

/** A kind of layer on the allow-list: its arguments and how to place one. */
export interface LayerKind<Arguments = never> {
  readonly kind: string;
  readonly schema: z.ZodType<Arguments>;
  /** True for a block: its argument `layers` is a list of layers. */
  readonly nests?: boolean;
  /** Raises LAYER_SHAPE when it cannot follow `inputShape`. */
  place(inputShape: Shape, args: Arguments, place: Place): Layer;
}
