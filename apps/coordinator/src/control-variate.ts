import { addScaled, allFinite } from '@trunkline/model/aggregation';
import type { Row } from './trunk-step.ts';

/**
 * SCAFFOLD's c at the coordinator (Karimireddy et al., ICML 2020, option II), for the objective Σ λ_k L_k: c = Σ λ_k c_k / Σ λ_k. A task's
 * control variate moves by c_k⁺ − c_k = row_k / (H η) − c, so that the weighted sum of the rows says all there is to know of it, and
 * no second vector leaves a client: c⁺ = c + (Σ λ_k row_k / (H η) − c · Σ λ_k) / Λ, the sums over those that answered, Λ over all.
 * With every λ = 1 this is the paper's c + (|S| / N) · mean(c_k⁺ − c_k). Computed in float64, rounded once.
 */
export function nextControl(
  control: Float32Array | null,
  rows: Float64Array,
  of: { answered: number; all: number; span: number },
): Float32Array {
  const next = new Float32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const held = control ? control[i]! : 0;
    next[i] = held + (rows[i]! / of.span - held * of.answered) / of.all;
  }
  return next;
}

/** Σ λ_k row_k of the rows that are finite, in the order given, in float64, and Σ of their shares. */
export function weightedRows(rows: readonly Row[]): { sum: Float64Array | null; share: number } {
  let sum: Float64Array | null = null;
  let total = 0;
  for (const { lambda, share = lambda, values } of rows) {
    if (!allFinite(values)) continue;
    addScaled((sum ??= new Float64Array(values.length)), values, lambda);
    total += share;
  }
  return { sum, share: total };
}
