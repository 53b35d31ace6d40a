import { z } from 'zod';
import { addScaled } from './combine.ts';
import { overFiniteRows } from './over-rows.ts';
import { squaredDistances } from './squared-distances.ts';
import { defineCombining } from './strategy.ts';

/**
 * The point with the least sum of distances to the rows (Weiszfeld 1937; where a row itself is that point, by the test of Vardi & Zhang,
 * PNAS 2000, that row). As an aggregation rule: Pillutla, Kakade & Harchaoui, IEEE TSP 2022. It is a convex combination of the rows, found
 * from their distances alone. Not unique (an even number of rows on a line): the point reached from the mean.
 */
export const geometricMedian = defineCombining({
  name: 'geometric-median',
  summary: 'The point with the least sum of distances to the rows.',
  source: 'Pillutla, Kakade & Harchaoui, IEEE TSP 2022',
  parameters: z.strictObject({
    iterations: z.int().positive().default(1000),
    tolerance: z.number().positive().default(1e-10),
  }),
  create: ({ iterations, tolerance }) => ({
    init: () => ({}),
    combine: (given, memory) =>
      overFiniteRows(given, memory, (rows) => {
        const weights = weiszfeld(relative(squaredDistances(rows)), { count: rows.length, iterations, tolerance });
        const sum = new Float64Array(rows[0]!.length);
        weights.forEach((weight, k) => addScaled(sum, rows[k]!, weight));
        return sum;
      }),
  }),
});

/** Weights w, Σw = 1, of the median Σ w_k g_k, from squared distances scaled to 1 at most. */
function weiszfeld(
  squares: Float64Array,
  { count, iterations, tolerance }: { count: number; iterations: number; tolerance: number },
): Float64Array {
  let weights = new Float64Array(count).fill(1 / count);
  const best = weights.findIndex((_, k) => isMedian(squares, count, k));
  if (best >= 0) return weights.map((_, k) => (k === best ? 1 : 0));
  for (let step = 0; step < iterations; step++) {
    const toRows = weights.map((_, k) => dot(squares.subarray(k * count, (k + 1) * count), weights));
    const spread = dot(toRows, weights) / 2;
    // ‖x − g_k‖² = Σ_j w_j D_jk − ½ Σ w_i w_j D_ij; the floor keeps an iterate that comes close to a row finite.
    const pulls = toRows.map((value) => 1 / Math.sqrt(Math.max(value - spread, 1e-16)));
    const total = pulls.reduce((sum, pull) => sum + pull, 0);
    const next = pulls.map((pull) => pull / total);
    const moved = next.reduce((most, weight, k) => Math.max(most, Math.abs(weight - weights[k]!)), 0);
    weights = next;
    if (moved <= tolerance) break;
  }
  return weights;
}

/** Whether row k is the only median: the other rows' unit pulls sum to less than the number of rows that lie on it. */
function isMedian(squares: Float64Array, count: number, k: number): boolean {
  const away = Array.from({ length: count }, (_, j) => j).filter((j) => squares[k * count + j]! > 0);
  let pull = 0;
  for (const i of away) {
    for (const j of away) {
      const [toI, toJ] = [squares[k * count + i]!, squares[k * count + j]!];
      pull += (toI + toJ - squares[i * count + j]!) / (2 * Math.sqrt(toI) * Math.sqrt(toJ));
    }
  }
  const multiplicity = count - away.length;
  return pull < multiplicity * multiplicity * (1 - 1e-9);
}

function relative(squares: Float64Array): Float64Array {
  const largest = squares.reduce((most, square) => Math.max(most, square), 0);
  return largest === 0 ? squares : squares.map((square) => square / largest);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
