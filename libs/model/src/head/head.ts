import type { z } from 'zod';
import type { Column } from '../data/source.ts';
import type { Tensor, Tf } from '../layer/layer.ts';
import type { Stack } from '../layer/stack.ts';
import type { Shape } from '../layout.ts';
import type { LabelKind, Labels } from '../loss/loss.ts';

/** Where a row stands, for errors; its number when left out. */
export type RowPlace = (row: number) => string | number;

/** The target that a head learns, and where errors about it point. */
export interface Target {
  /** Its name in the source. */
  readonly name: string;
  /** Its column in the training split. */
  readonly training: Column;
  readonly file: string;
  /** `file:line:column` of the task. */
  readonly at: string;
  /** Where a training row stands in its files; left out: its number. */
  readonly place?: (row: number) => string | number;
}

/** What decides how a target is read: nothing of the trunk. */
export interface LabelPlace {
  readonly target: Target;
  /** The labels that the task's loss takes. */
  readonly lossLabels: LabelKind;
}

export interface HeadPlace extends LabelPlace {
  /** Shape of the trunk's output, without the batch axis. */
  readonly inputShape: Shape;
}

/** How a target's column becomes labels. */
export interface LabelReader {
  readonly kind: LabelKind;
  /** Labels a row: 1, or one an output. */
  readonly columns: number;
  /** Of a class label, or of the two texts of a binary one. */
  readonly classes: readonly string[] | undefined;
  /** @throws DATA_LABEL_RANGE, DATA_TARGET_NOT_FINITE */
  read(column: Column, place?: RowPlace): Labels;
}

/** Private output layers of one task, placed over the trunk's output. */
export interface Head {
  readonly kind: string;
  /** Trunk output → [width] logits or values. */
  readonly stack: Stack;
  readonly width: number;
  readonly labels: LabelReader;
  /** Outputs [rows, width] → what metrics take: probabilities of a sigmoid or softmax, or the values themselves. */
  scores(tf: Tf, outputs: Tensor): Tensor;
}

/** A kind of head. */
export interface HeadKind<Config = never> {
  readonly kind: string;
  readonly schema: z.ZodType<Config>;
  /** How the target is read, as far as can be told without a trunk. @throws DATA_SHAPE, CONFIG_INVALID */
  labels(config: Config, place: LabelPlace): LabelReader;
  /** @throws DATA_SHAPE, CONFIG_INVALID, LAYER_ errors */
  place(config: Config, place: HeadPlace): Head;
}
