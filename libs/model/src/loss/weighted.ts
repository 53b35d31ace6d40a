import type { ClosedLoss } from './loss.ts';

/** Outputs of some rows of one head, flat, and what each should have been. */
export interface Elements {
  readonly outputs: Float32Array;
  readonly targets: Float32Array;
  /** Whoever weighs 0 is not looked at. */
  readonly weights: Float32Array;
}

/** Σ weight · loss, added in float64 in the order of the elements and rounded to float32 once, and its gradient by the outputs. */
export function weighted(
  loss: Pick<ClosedLoss, 'value' | 'derivative'>,
  { outputs, targets, weights }: Elements,
): { loss: number; gradient: Float32Array } {
  const gradient = new Float32Array(outputs.length);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    sum += weight * loss.value(outputs[i]!, targets[i]!);
    gradient[i] = weight * loss.derivative(outputs[i]!, targets[i]!);
  }
  return { loss: Math.fround(sum), gradient };
}
