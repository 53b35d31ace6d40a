import type { Labels, Loss } from './loss.ts';

/** A weight for every element, [rows, columns] flat, and the rows that have a label at all. */
export interface ElementWeights {
  readonly weights: Float32Array;
  readonly labelledRows: number;
}

/**
 * The weights under which Σ weight · element loss is the task's loss: the mean over the labelled rows, a row's loss being the mean
 * over its labelled elements. A missing label weighs 0. The loss's own weights (of classes) multiply an element's loss and
 * leave the divisor alone, as Keras's class weights do.
 */
export function elementWeights(labels: Labels, loss: Pick<Loss, 'weightOf'>): ElementWeights {
  const { rows, columns, values } = labels;
  const found = new Uint32Array(rows);
  let labelledRows = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (!Number.isNaN(values[row * columns + column]!)) found[row]!++;
    }
    if (found[row]! > 0) labelledRows++;
  }
  const weights = new Float32Array(rows * columns);
  for (let i = 0; i < weights.length; i++) {
    const label = values[i]!;
    if (Number.isNaN(label)) continue;
    const own = loss.weightOf?.(label, i % columns) ?? 1;
    weights[i] = own / (labelledRows * found[Math.floor(i / columns)]!);
  }
  return { weights, labelledRows };
}
