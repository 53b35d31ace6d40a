import type { z } from 'zod';
import type { Tensor, Tf } from '../layer/layer.ts';

/** What labels are: an index of a class a row, a 0 or 1 an output, or a number an output. */
export type LabelKind = 'class' | 'binary' | 'number';

/** Labels of some rows, [rows, columns] flat; NaN where one is missing. */
export interface Labels {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** What a loss may know of the head and the data that it stands over. */
export interface LossPlace {
  /** Outputs a row. */
  readonly width: number;
  readonly classes: readonly string[] | undefined;
  /** All labels of the training split: balanced weights are counted there. */
  readonly training: Labels;
  /** `file:line:column`, for errors. */
  readonly at: string;
}

/** What all losses over a head have: an element's loss is the loss of one label of one row. */
interface OverHead {
  readonly kind: string;
  /** What the loss takes for these labels, [rows, n] flat, finite everywhere. */
  targets(labels: Labels): Float32Array;
  /** Weight of an element's loss, from its label; left out: 1. */
  weightOf?(label: number, column: number): number;
}

/** A loss of one output and its target, in closed form: numbers in, a number out, in float64, the same on every backend. */
export interface ClosedLoss extends OverHead {
  value(output: number, target: number): number;
  /** ∂value/∂output. */
  derivative(output: number, target: number): number;
}

/** A loss made of operations, which tfjs differentiates: what a client module brings, or what must round as an autograd of the joint loss does. */
export interface OperationLoss extends OverHead {
  /** outputs [rows, width], targets [rows, n] → [rows, columns of the labels]. Differentiable in `outputs`; runs inside `tf.tidy`. */
  elementLoss(tf: Tf, outputs: Tensor, targets: Tensor): Tensor;
}

export type Loss = ClosedLoss | OperationLoss;

/** A kind of loss: its parameters, and which labels it takes. */
export interface LossKind<Parameters = never> {
  readonly kind: string;
  readonly labels: LabelKind;
  readonly schema: z.ZodType<Parameters>;
  place(parameters: Parameters, place: LossPlace): Loss;
}
