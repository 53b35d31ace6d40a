import { defineMetric, type Given } from './metric.ts';

/**
 * Mean intersection over union of predicted and true boxes, each row [centre x, centre y, width, height] in one common unit; a
 * negative side counts as 0, and so does the row of a pair without any area. Rows with a missing side are left out. Undefined for
 * heads that do not have four outputs. Jaccard 1901.
 */
export const iou = defineMetric({
  name: 'iou',
  better: 'higher',
  unit: '',
  for: ['regress'],
  measure: (known, given) => (known.kind === 'outputs' && given.shape.width === 4 ? meanOverlap(given) : undefined),
});

function meanOverlap({ predictions, labels, shape }: Given): number | undefined {
  let sum = 0;
  let rows = 0;
  for (let row = 0; row < shape.rows; row++) {
    const truth = labels.subarray(row * 4, row * 4 + 4);
    if (truth.some(Number.isNaN)) continue;
    sum += overlap(predictions.subarray(row * 4, row * 4 + 4), truth);
    rows++;
  }
  return rows === 0 ? undefined : sum / rows;
}

function overlap(a: Float32Array, b: Float32Array): number {
  const shared = along(a, b, 0) * along(a, b, 1);
  const union = areaOf(a) + areaOf(b) - shared;
  return union > 0 ? shared / union : 0;
}

/** Length that both boxes cover on one axis. */
function along(a: Float32Array, b: Float32Array, axis: 0 | 1): number {
  const end = (box: Float32Array, side: 1 | -1) => box[axis]! + (side * sideOf(box, axis)) / 2;
  return Math.max(0, Math.min(end(a, 1), end(b, 1)) - Math.max(end(a, -1), end(b, -1)));
}

const sideOf = (box: Float32Array, axis: 0 | 1) => Math.max(0, box[axis + 2]!);
const areaOf = (box: Float32Array) => sideOf(box, 0) * sideOf(box, 1);
