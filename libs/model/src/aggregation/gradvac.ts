import { z } from 'zod';
import { geometryOf, type Geometry } from './cosines.ts';
import { isStationary } from './descent.ts';
import { dot, times } from './solve/dense.ts';
import { defineWeighing, type StrategyInput } from './strategy.ts';
import { overUsable } from './usable.ts';

/** Target cosine of the gradient being corrected (first key) with another's (second key). */
type Targets = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A target of exactly 1 would ask for an infinite correction. */
const HIGHEST = 1 - 1e-12;

/**
 * As pcgrad, but g_i is turned towards g_j until their cosine reaches a target, the moving average φ̂_ij of the cosines seen: the correction is
 * ‖c‖(φ̂√(1−φ²) − φ√(1−φ̂²)) / √(1−φ̂²) along u_j where φ < φ̂; then φ̂ ← (1−β)φ̂ + βφ, at every visit.
 */
export const gradvac = defineWeighing({
  name: 'gradvac',
  summary: 'Turns each gradient towards the others until their cosines reach a moving average.',
  source: 'Wang et al., ICLR 2021',
  needs: 'gramian',
  parameters: z.strictObject({ beta: z.number().min(0).max(1).default(0.5) }),
  create: ({ beta }) => ({
    init: (tasks) => ({
      targets: Object.fromEntries(
        tasks.map((i) => [i, Object.fromEntries(tasks.filter((j) => j !== i).map((j) => [j, 0]))]),
      ),
    }),
    weigh: (input, state) =>
      overUsable(input, state, (usable) => {
        const geometry = geometryOf(usable.gramian!, usable.tasks.length);
        const { weights, targets } = vaccinate(geometry, usable, { beta, targets: state.targets as Targets });
        const stationary = isStationary(geometry) || !weights.every(Number.isFinite);
        return { weights: stationary ? weights.fill(0) : weights, state: { ...state, targets, stationary } };
      }),
  }),
});

function vaccinate(
  { cosines, norms, count }: Geometry,
  { tasks, random }: StrategyInput,
  { beta, targets }: { beta: number; targets: Targets },
): { weights: Float64Array; targets: Targets } {
  const next = Object.fromEntries(Object.entries(targets).map(([task, row]) => [task, { ...row }]));
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const mix = new Float64Array(count);
    mix[i] = 1;
    const row = (next[tasks[i]!] ??= {});
    for (const j of random.permutation(count)) {
      if (j === i) continue;
      const products = times(cosines, mix);
      const length = Math.sqrt(Math.max(0, dot(mix, products)));
      const cosine = Math.min(1, Math.max(-1, products[j]! / length));
      // Nothing is left of g_i: it has no angle.
      if (!(length > 0)) continue;
      const seen = row[tasks[j]!] ?? 0;
      const target = Math.min(seen, HIGHEST);
      if (cosine < target) {
        const sine = Math.sqrt(1 - target * target);
        mix[j]! += length * (target * (Math.sqrt(1 - cosine * cosine) / sine) - cosine);
      }
      row[tasks[j]!] = (1 - beta) * seen + beta * cosine;
    }
    for (let k = 0; k < count; k++) weights[k]! += mix[k]! * (norms[i]! / norms[k]!);
  }
  return { weights, targets: next };
}
