import { solveWithin } from './cholesky.ts';
import { dot, largest, sizes, times, type Solved } from './dense.ts';

/**
 * y > 0 with (Cy)_k = e_k y_k^(−β), β > 0, e > 0: the minimum of ½yᵀCy − Σ e_k ψ(y_k), ψ' = y^(−β), strictly convex; it exists where no y ≥ 0 but 0
 * has Cy = 0. β = 1 is Nash bargaining. Damped Newton in relative steps y(1 + δ). The residual is the largest difference
 * of the two sides relative to (|C|y)_k + e_k y_k^(−β).
 */
export function powerBalance(cosines: Float64Array, factors: ArrayLike<number>, power: number): Solved {
  // y is homogeneous of degree 1 / (1 + β) in e: factors of at most 1 keep the numbers in range.
  const unit = largest(factors);
  const balance: Balance = { cosines, factors: Float64Array.from(factors, (value) => value / unit), power };
  let y = startOf(balance);
  let best: Solved = { solution: y, residual: residualOf(balance, y) };
  for (let step = 0, idle = 0; step < 400 && idle < 3 && best.residual > Number.EPSILON / 2; step++) {
    const delta = newtonStep(balance, y);
    if (!delta) break;
    y = advance(balance, y, delta);
    const residual = residualOf(balance, y);
    if (residual < best.residual) best = { solution: y, residual };
    // Once steps are small only rounding is left to gain.
    else if (largest(delta) < 1e-3) idle++;
  }
  const scale = unit ** (1 / (1 + power));
  return { solution: best.solution.map((value) => value * scale), residual: best.residual };
}

interface Balance {
  readonly cosines: Float64Array;
  readonly factors: Float64Array;
  readonly power: number;
}

/** e_k y_k^(−β) − (Cy)_k: minus the gradient. */
function pullOf({ cosines, factors, power }: Balance, y: Float64Array): Float64Array {
  return times(cosines, y).map((value, k) => factors[k]! * y[k]! ** -power - value);
}

function residualOf(balance: Balance, y: Float64Array): number {
  const size = sizes(balance.cosines, y);
  const pull = pullOf(balance, y);
  const worst = largest(pull.map((value, k) => value / (size[k]! + balance.factors[k]! * y[k]! ** -balance.power)));
  return Number.isFinite(worst) ? worst : Infinity;
}

/** The solution for orthogonal rows, lengthened so that the sum of the equations, each times y_k, holds. */
function startOf({ cosines, factors, power }: Balance): Float64Array {
  const y = factors.map((value) => value ** (1 / (1 + power)));
  const sum = y.reduce((total, value, k) => total + factors[k]! * value ** (1 - power), 0);
  const square = Math.max(dot(y, times(cosines, y)), Number.EPSILON * sum);
  const longer = (sum / square) ** (1 / (1 + power));
  return y.map((value) => value * longer);
}

function newtonStep(balance: Balance, y: Float64Array): Float64Array | undefined {
  const { cosines, factors, power } = balance;
  const count = y.length;
  const hessian = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) hessian[i * count + j] = cosines[i * count + j]! * y[i]! * y[j]!;
    hessian[i * count + i]! += power * factors[i]! * y[i]! ** (1 - power);
  }
  const everywhere = Array.from({ length: count }, (_, k) => k);
  const down = pullOf(balance, y).map((value, k) => value * y[k]!);
  return solveWithin(hessian, down, everywhere);
}

/**
 * As far as positive, and full where that brings the equations closer; else halved while the slope has turned upwards. The
 * slope alone would stop early: between nearly opposed rows it is rounding.
 */
function advance(balance: Balance, y: Float64Array, delta: Float64Array): Float64Array {
  const at = (step: number) => y.map((value, k) => value * (1 + step * delta[k]!));
  if (largest(delta) < 0.1) return at(1);
  const move = y.map((value, k) => value * delta[k]!);
  const first = dot(move, pullOf(balance, y));
  let step = Math.min(1, 0.95 / Math.max(...delta.map((value) => -value), 0.95));
  if (residualOf(balance, at(step)) < 0.7 * residualOf(balance, y)) return at(step);
  while (step > 1e-6 && dot(move, pullOf(balance, at(step))) < -0.1 * first) step /= 2;
  return at(step);
}
