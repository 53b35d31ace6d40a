import { z } from 'zod';

/**
 * FedAdam, FedYogi and FedAdagrad exist in two forms. `paper`: v starts at τ² and nothing is corrected for the first rounds (Reddi et
 * al., ICLR 2021, Algorithm 2). `flower`: v starts at 0, the defaults of τ are Flower's, and FedAdam corrects its rate
 * (flwr/server/strategy). Both move θ by +η m/(√v + τ) along Δ, the mean of what clients changed; our gradient is what θ moves
 * against, g = −Δ, so that m here is the negative of theirs and v the same.
 */
export const convention = z.enum(['paper', 'flower']).default('paper');
export type Convention = z.output<typeof convention>;

/** Left out, τ is 1e-3 in the paper; Flower's own default is given by each optimiser. */
export const tau = z.number().positive().optional().describe('Added to √v. Default 1e-3, or Flower’s own.');

export function startOf(
  given: { convention: Convention; tau?: number | undefined },
  flowerTau: number,
): { tau: number; initial: number } {
  const paper = given.convention === 'paper';
  const chosen = given.tau ?? (paper ? 1e-3 : flowerTau);
  return { tau: chosen, initial: paper ? chosen ** 2 : 0 };
}
