import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { families, matrixOf, normOf, runOnce } from './claims.ts';
import { gramianOf } from './gramian.ts';
import { strategies } from './index.ts';
import { dot, times } from './solve/dense.ts';
import type { StrategyRandom } from './strategy.ts';

/** `npm run test:full` sets TRUNKLINE_FULL: 10,000 matrices; each K 1…16 of each family either way. */
const MATRICES = process.env.TRUNKLINE_FULL ? 10_000 : 1_000;
const BOUND = 1e-9;

interface Round {
  readonly w: Float64Array;
  readonly n: Float64Array;
  /** g_k·v / (n_k Σ|w_j| n_j): products relative to what they are sums of. */
  readonly p: Float64Array;
  /** Σ|w_j| n_j */
  readonly size: number;
  /** Cosines. */
  readonly c: Float64Array;
}

interface Condition {
  readonly parameters?: unknown;
  readonly residual: (round: Round) => number;
  /** How close to parallel rows get; 7 unless said: beyond that they count as dependent, that is as stationary if opposed. */
  readonly decades?: number;
}

/** How far a strategy's weights are from the conditions that define them, written from the definitions, not from the solvers. */
const conditions: Record<string, Condition> = {
  mgda: {
    residual({ w, n, p, size }) {
      const squared = sum(w.map((value, k) => (value * n[k]! * p[k]!) / size));
      const slack = p.map((value, k) => value - (squared * size) / n[k]!);
      return Math.max(-Math.min(...w), Math.abs(sum(w) - 1), complementary(slack, w));
    },
  },
  dualproj: {
    residual({ w, n, p, size }) {
      const above = w.map((value) => value - 1 / w.length);
      const used = sum(above.map((value, k) => (value * n[k]! * p[k]!) / size));
      return Math.max(-Math.min(...above), -Math.min(...p), Math.abs(used));
    },
  },
  upgrad: { residual: ({ w, p }) => Math.max(1 / w.length - Math.min(...w), -Math.min(...p)) },
  // Corrections only add to the gradient's own weight of 1.
  pcgrad: { residual: ({ w }) => 1 - Math.min(...w) },
  gradvac: { residual: ({ w }) => 1 - Math.min(...w) },
  cagrad: {
    residual({ w, n, p, size }) {
      const worst = Math.min(...p.map((value, k) => value * n[k]!));
      const slack = p.map((value, k) => value - worst / n[k]!);
      const above = w.map((value, k) => ((value - 1 / w.length) * n[k]!) / size);
      return Math.max(-Math.min(...above), sum(slack.map((value, k) => Math.max(0, value * above[k]!))));
    },
  },
  'imtl-g': {
    decades: 5,
    // Rows that differ by their float32 rounding only count as dependent: across them projections agree to that (1e-7).
    residual: ({ w, p, c }) => Math.max(unequal(p, c), spreadOf(p) / 100, Math.abs(sum(w) - 1) / sum(w.map(Math.abs))),
  },
  config: { decades: 5, residual: ({ p, c }) => unequal(p, c) },
  'nash-mtl': {
    parameters: { maxNorm: 0 },
    residual: ({ w, n, p, size }) => largest(p.map((value, k) => value - 1 / (w[k]! * n[k]! * size))),
  },
  fairgrad: {
    parameters: { alpha: 2 },
    residual: ({ w, n, p, size }) => largest(p.map((value, k) => value - w[k]! ** -0.5 / (n[k]! * size))),
  },
};

describe.each(Object.keys(conditions))('%s', (name) => {
  it(`meets its conditions within ${BOUND} on random matrices of all families`, { timeout: 120_000 }, () => {
    const { parameters, residual, decades = 7 } = conditions[name]!;
    let solved = 0;
    let worst = { residual: 0, where: '' };
    for (let i = 0; i < MATRICES; i++) {
      const family = families[i % families.length]!;
      const count = 1 + (Math.floor(i / families.length) % 16);
      const random = randomStream(5, 'kkt', i);
      const rows = matrixOf(family, count, random);
      if (i % 3 === 0) nearly(rows, decades, random);
      const { weights, state } = runOnce(strategies[name]!, rows, { parameters });
      expect(weights!.every(Number.isFinite), `${family} ${count} ${i}`).toBe(true);
      const kept = rows.flatMap((row, k) => (Number.isFinite(normOf(row)) && normOf(row) > 0 ? [k] : []));
      if (state.stationary || kept.length < 2) continue;
      solved++;
      const found = residual(
        roundOf(
          kept.map((k) => rows[k]!),
          Float64Array.from(kept, (k) => weights![k]!),
        ),
      );
      if (!(found <= worst.residual)) worst = { residual: found, where: `${family} K=${count} i=${i}` };
    }
    expect(solved).toBeGreaterThan(MATRICES / 2);
    expect(worst.residual, worst.where).toBeLessThan(BOUND);
  });
});

/** Turns the second row almost into the first or its opposite, down to the resolution of float32: ill-conditioned, yet solvable. */
function nearly(rows: Float32Array[], decades: number, random: StrategyRandom): void {
  if (rows.length < 2) return;
  const [sign, apart] = [random.uniform() < 0.5 ? -1 : 1, 10 ** (-decades * random.uniform())];
  const scale = 10 ** (4 * random.uniform() - 2);
  rows[1]!.forEach(
    (_, i) => (rows[1]![i] = scale * (sign * rows[0]![i]! + apart * normOf(rows[0]!) * random.normal())),
  );
}

function roundOf(rows: Float32Array[], w: Float64Array): Round {
  const count = rows.length;
  const gramian = gramianOf(rows);
  const n = Float64Array.from({ length: count }, (_, k) => Math.sqrt(gramian[k * count + k]!));
  const size = sum(w.map((value, k) => Math.abs(value) * n[k]!));
  const p = Float64Array.from({ length: count }, (_, k) => {
    const product = sum(w.map((value, j) => value * gramian[k * count + j]!));
    return product / (n[k]! * size);
  });
  const c = gramian.map((value, at) => value / n[Math.floor(at / count)]! / n[at % count]!);
  return { w, n, p, size, c };
}

/** Slack never negative, and zero where the multiplier is positive; multipliers sum to 1. */
const complementary = (slack: Float64Array, multipliers: Float64Array) =>
  Math.max(-Math.min(...slack), sum(slack.map((value, k) => Math.max(0, value * multipliers[k]!))));
/** Least squares: the projections miss their common value by something orthogonal to all rows, up to this. */
function unequal(p: Float64Array, c: Float64Array): number {
  const along = times(c, p);
  const common = dot(p, along) / sum(along);
  const missed = p.map((value) => value - common);
  return largest(times(c, missed)) / p.length;
}
const spreadOf = (values: Float64Array) => Math.max(...values) - Math.min(...values);
const largest = (values: Float64Array) => Math.max(...values.map(Math.abs));
const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
