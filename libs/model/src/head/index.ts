import { fail } from '@trunkline/protocol';
import { chosenOf, oneOf, type OneOf } from '../config/one-of.ts';
import { binary } from './binary.ts';
import { classify } from './classify.ts';
import type { Head, HeadKind, HeadPlace, LabelPlace, LabelReader } from './head.ts';
import { layers } from './layers.ts';
import { multilabel } from './multilabel.ts';
import { regress } from './regress.ts';

export type { Head, HeadKind, HeadPlace, LabelReader, RowPlace, Target } from './head.ts';

const schemas = {
  binary: binary.schema,
  classify: classify.schema,
  multilabel: multilabel.schema,
  regress: regress.schema,
  layers: layers.schema,
};

/** Every head that a client file may name. */
export const heads: Readonly<Record<string, HeadKind<unknown>>> = { binary, classify, multilabel, regress, layers };

/** The key `head` of a task: a name, or a name with its parameters. */
export const headSchema = oneOf(schemas);
export type HeadConfig = OneOf<typeof schemas>;

export const headKind = (config: HeadConfig): string => chosenOf(config).name;

/**
 * Places a task's head over the trunk's output.
 * @throws DATA_SHAPE, CONFIG_INVALID (also when the loss takes other labels than the head), LAYER_ errors
 */
export function placeHead(config: HeadConfig, place: HeadPlace): Head {
  const { name, parameters } = chosenOf(config);
  const head = heads[name]!.place(parameters, place);
  refuseOtherLabels(name, head.labels, place);
  return head;
}

/**
 * How a task's target becomes labels, before any trunk is known: what is wrong with them is then found before a client connects.
 * @throws DATA_SHAPE, CONFIG_INVALID (also when the loss takes other labels than the head)
 */
export function headLabels(config: HeadConfig, place: LabelPlace): LabelReader {
  const { name, parameters } = chosenOf(config);
  const labels = heads[name]!.labels(parameters, place);
  refuseOtherLabels(name, labels, place);
  return labels;
}

function refuseOtherLabels(head: string, { kind }: LabelReader, { target, lossLabels }: LabelPlace): void {
  if (kind === lossLabels) return;
  throw fail('CONFIG_INVALID', {
    at: target.at,
    key: 'loss',
    problem: `the head \`${head}\` has ${kindText[kind]}, the loss takes ${kindText[lossLabels]}.`,
    remedy: 'Leave `loss` out to take the one that belongs to the head.',
  });
}

const kindText = { class: 'classes', binary: 'labels 0 or 1', number: 'numbers' } as const;
