/** One learned number with Adam's moments. Plain JSON. */
export interface Learned {
  readonly value: number;
  readonly mean: number;
  readonly square: number;
  readonly steps: number;
}

export const learnedFrom = (value: number): Learned => ({ value, mean: 0, square: 0, steps: 0 });

/** Beyond this a gradient's square would leave float64. */
const LARGEST = 1e150;

/**
 * One step of Adam (Kingma & Ba, ICLR 2015) with β = (0.9, 0.999) and ε = 1e-8; `decay` is added to the gradient as decay · value (the L2
 * form). A gradient that is not a number leaves the number as it is.
 */
export function adamStep(now: Learned, gradient: number, rate: { learningRate: number; decay?: number }): Learned {
  if (Number.isNaN(gradient)) return now;
  const full = gradient + (rate.decay ?? 0) * now.value;
  const g = Math.min(LARGEST, Math.max(-LARGEST, full));
  const steps = now.steps + 1;
  const mean = 0.9 * now.mean + 0.1 * g;
  const square = 0.999 * now.square + 0.001 * g * g;
  const step = mean / (1 - 0.9 ** steps) / (Math.sqrt(square / (1 - 0.999 ** steps)) + 1e-8);
  return { value: now.value - rate.learningRate * step, mean, square, steps };
}
