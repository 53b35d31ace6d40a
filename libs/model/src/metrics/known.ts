import { fail } from '@trunkline/protocol';
import type { ScoreShape } from './metric.ts';

/** One output, or one class against the rest, over the rows in which its label is known. */
export interface Column {
  readonly scores: Float32Array;
  readonly labels: Float32Array;
}

/** Predictions whose labels are known. */
export type Known =
  | {
      /** One class a row; `scores` is [rows, width]. */
      readonly kind: 'classes';
      readonly labels: Int32Array;
      readonly scores: Float32Array;
      readonly width: number;
    }
  | {
      /** A label for each output. */
      readonly kind: 'outputs';
      readonly columns: readonly Column[];
    };

/** What is known; undefined where nothing is, or where a prediction beside a known label is not finite: a model that diverged has no score. */
export function knownOf(predictions: Float32Array, labels: Float32Array, shape: ScoreShape): Known | undefined {
  const { rows, width } = shape;
  const byClass = width > 1 && labels.length === rows;
  if (predictions.length !== rows * width || (!byClass && labels.length !== rows * width)) {
    throw fail('UNEXPECTED', {
      what: `a metric got ${predictions.length} predictions and ${labels.length} labels for ${rows} rows of ${width}`,
    });
  }
  return byClass ? classesKnown(predictions, labels, width) : outputsKnown(predictions, labels, width);
}

function classesKnown(predictions: Float32Array, labels: Float32Array, width: number): Known | undefined {
  const rows = knownPlaces(labels, 0, 1);
  const scores = new Float32Array(rows.length * width);
  rows.forEach((row, i) => scores.set(predictions.subarray(row * width, (row + 1) * width), i * width));
  if (rows.length === 0 || !scores.every(Number.isFinite)) return undefined;
  return { kind: 'classes', labels: Int32Array.from(rows, (row) => labels[row]!), scores, width };
}

function outputsKnown(predictions: Float32Array, labels: Float32Array, width: number): Known | undefined {
  const columns = Array.from({ length: width }, (_, column): Column => {
    const places = knownPlaces(labels, column, width);
    return {
      scores: Float32Array.from(places, (i) => predictions[i]!),
      labels: Float32Array.from(places, (i) => labels[i]!),
    };
  });
  const none = columns.every((column) => column.labels.length === 0);
  return none || !columns.every((column) => column.scores.every(Number.isFinite))
    ? undefined
    : { kind: 'outputs', columns };
}

function knownPlaces(labels: Float32Array, from: number, stride: number): number[] {
  const places: number[] = [];
  for (let i = from; i < labels.length; i += stride) if (!Number.isNaN(labels[i])) places.push(i);
  return places;
}

/**
 * The questions yes or no that a ranking metric averages over: each output, the second of two classes, or each of more classes
 * against the rest.
 */
export function questionsOf(known: Known): readonly Column[] {
  if (known.kind === 'outputs') return known.columns;
  const { labels, scores, width } = known;
  const classes = width === 2 ? [1] : Array.from({ length: width }, (_, index) => index);
  return classes.map((index) => ({
    scores: Float32Array.from(labels, (_, row) => scores[row * width + index]!),
    labels: Float32Array.from(labels, (label) => (label === index ? 1 : 0)),
  }));
}
