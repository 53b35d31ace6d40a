import { knownOf, type Known } from './known.ts';

export type Better = 'higher' | 'lower';
/** Heads with outputs of a stated meaning; a head of own `layers` has the meaning that its loss gives it. */
export type ScoredHead = 'binary' | 'classify' | 'multilabel' | 'regress';

export interface ScoreShape {
  readonly rows: number;
  /** Outputs a row. */
  readonly width: number;
}

export interface Metric {
  readonly name: string;
  readonly better: Better;
  /** What stands behind the number in a table; empty for a share or another pure number. */
  readonly unit: string;
  /** Heads that it applies to. */
  readonly for: readonly ScoredHead[];
  /**
   * @param predictions [rows, width]: probabilities of a sigmoid or softmax, or values
   * @param labels [rows] with the index of a class, where width > 1 and classes exclude each other; else [rows, width] with 0 and 1,
   *   or values. NaN: missing, counts nowhere
   * @returns undefined where the metric has no value: no labels, one class only for AUROC, a prediction that is not finite, ...
   * @throws UNEXPECTED when the lengths do not fit the shape
   */
  compute(predictions: Float32Array, labels: Float32Array, shape: ScoreShape): number | undefined;
}

/** What `compute` was given. */
export interface Given {
  readonly predictions: Float32Array;
  readonly labels: Float32Array;
  readonly shape: ScoreShape;
}

/** Declares a metric by what it makes of the known labels and their predictions, or where rows must stay whole, of what was given. */
export function defineMetric(
  definition: Omit<Metric, 'compute'> & { measure: (known: Known, given: Given) => number | undefined },
): Metric {
  const { measure, ...rest } = definition;
  return {
    ...rest,
    compute(predictions, labels, shape) {
      const known = knownOf(predictions, labels, shape);
      const value = known && measure(known, { predictions, labels, shape });
      return Number.isFinite(value) ? value : undefined;
    },
  };
}

/** The mean of the values that are defined; undefined where none is. */
export function meanOfDefined(values: readonly (number | undefined)[]): number | undefined {
  const defined = values.filter((value) => value !== undefined);
  return defined.length === 0 ? undefined : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
