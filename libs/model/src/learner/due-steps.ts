import type { Learned } from './learned.ts';

/** Steps of heads and adapters that are due once every task has been differentiated. */
export interface DueStep {
  readonly learned: Learned;
  readonly gradients: Float32Array[];
  readonly factors: number[];
}

/** Gathers gradients: what several tasks share steps once, along Σ factor · gradient in the order in which they were added. */
export function collectSteps(): {
  add(learned: Learned, gradient: Float32Array, factor: number): void;
  readonly steps: () => DueStep[];
} {
  const due = new Map<Learned, DueStep>();
  return {
    add(learned, gradient, factor) {
      const entry = due.get(learned) ?? { learned, gradients: [], factors: [] };
      due.set(learned, entry);
      entry.gradients.push(gradient);
      entry.factors.push(factor);
    },
    steps: () => [...due.values()],
  };
}
