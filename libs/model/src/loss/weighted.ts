import type { ClosedLoss } from './loss.ts';

/** Elements of some rows of one head, flat. */
export interface Elements {
  readonly outputs: Float32Array;
  readonly targets: Float32Array;
  /** One an element; whoever weighs 0 is not looked at. */
  readonly weights: Float32Array;
}

/** Σ weight · element loss, added in float64 in the order of the elements and rounded to float32 once, and its gradient by the outputs. */
export function weighted(
  loss: Pick<ClosedLoss, 'element'>,
  { outputs, targets, weights }: Elements,
): { loss: number; gradient: Float32Array } {
  const gradient = new Float32Array(outputs.length);
  const derivative = new Float64Array(outputs.length);
  const width = outputs.length / weights.length;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    const at = { start: i * width, end: (i + 1) * width };
    sum += weight * loss.element(outputs, targets, at, derivative);
    for (let j = at.start; j < at.end; j++) gradient[j] = weight * derivative[j]!;
  }
  return { loss: Math.fround(sum), gradient };
}
