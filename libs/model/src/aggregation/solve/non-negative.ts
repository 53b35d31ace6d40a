import { solveWithin } from './cholesky.ts';
import { largest, sizes, times, type Solved } from './dense.ts';

/**
 * min ½ sᵀMs − bᵀs over s ≥ 0, M positive semidefinite with entries of the order of 1 and b in its range: non-negative least squares in
 * Gramian form. Active set of Lawson and Hanson, "Solving Least Squares Problems" 1974. Finite; never throws.
 */
export function nonNegative(matrix: Float64Array, right: ArrayLike<number>): Solved {
  const count = right.length;
  const solution = new Float64Array(count);
  const scale = largest(right);
  const free: number[] = [];
  // Places that rounding alone wanted in: not tried again until the solution moves.
  const refused = new Set<number>();
  for (let step = 0; step < 30 * (count + 1); step++) {
    const product = times(matrix, solution);
    const noise = 16 * Number.EPSILON * (scale + solution.reduce((sum, value) => sum + value, 0));
    let best = -1;
    let most = noise;
    for (let k = 0; k < count; k++) {
      const gradient = right[k]! - product[k]!;
      if (gradient > most && !free.includes(k) && !refused.has(k)) {
        best = k;
        most = gradient;
      }
    }
    if (best < 0) break;
    if (enter(best, { matrix, right, free, solution })) refused.clear();
    else refused.add(best);
  }
  return { solution, residual: nonNegativeResidual(matrix, right, solution) };
}

/** Largest of −(Ms − b)_k, of |(Ms − b)_k| where s_k > 0, and of −s_k, each relative. */
export function nonNegativeResidual(matrix: Float64Array, right: ArrayLike<number>, solution: Float64Array): number {
  const product = times(matrix, solution);
  const size = largest(sizes(matrix, solution)) + largest(right);
  if (size === 0) return 0;
  let worst = 0;
  for (let k = 0; k < solution.length; k++) {
    const slack = product[k]! - right[k]!;
    worst = Math.max(worst, -slack / size, -solution[k]! / size);
    if (solution[k]! > 0) worst = Math.max(worst, slack / size);
  }
  return worst;
}

interface ActiveSet {
  readonly matrix: Float64Array;
  readonly right: ArrayLike<number>;
  /** Places that may be positive; changed here. */
  readonly free: number[];
  /** Changed here. */
  readonly solution: Float64Array;
}

/** Frees one place and moves to the minimum over the free ones, giving up those that would turn negative. False: nothing moved. */
function enter(place: number, set: ActiveSet): boolean {
  const { matrix, right, free, solution } = set;
  free.push(place);
  if (!solveWithin(matrix, right, free) && !exchange(place, set)) {
    free.splice(free.indexOf(place), 1);
    return false;
  }
  for (;;) {
    const target = solveWithin(matrix, right, free);
    if (!target || (solution[place] === 0 && target[free.indexOf(place)]! <= 0)) {
      free.splice(free.indexOf(place), 1);
      solution[place] = 0;
      return false;
    }
    if (!moveTowards(target, set) || !free.includes(place)) return true;
  }
}

/** Goes to the target or as far as all stay non-negative, and drops what reached 0. True: something was dropped. */
function moveTowards(target: Float64Array, { free, solution }: ActiveSet): boolean {
  let step = 1;
  let blocking = -1;
  free.forEach((k, i) => {
    if (target[i]! > 0) return;
    const share = solution[k]! / (solution[k]! - target[i]!);
    if (share < step || blocking < 0) {
      step = share;
      blocking = k;
    }
  });
  free.forEach((k, i) => (solution[k]! += step * (target[i]! - solution[k]!)));
  if (blocking < 0) return false;
  solution[blocking] = 0;
  for (const k of free.filter((k) => !(solution[k]! > 0))) {
    solution[k] = 0;
    free.splice(free.indexOf(k), 1);
  }
  return true;
}

/**
 * The entering row depends on the free ones: along (−M_PP⁻¹M_Pj, 1) only the linear term changes, so it replaces the free place that
 * reaches 0 first. False where none does: the gain is rounding.
 */
function exchange(place: number, set: ActiveSet): boolean {
  const { matrix, right, free, solution } = set;
  const others = free.filter((k) => k !== place);
  const column = Float64Array.from(right, (_, k) => -matrix[k * right.length + place]!);
  const along = solveWithin(matrix, column, others);
  if (!along) return false;
  let step = Infinity;
  let leaving = -1;
  others.forEach((k, i) => {
    const reach = along[i]! < 0 ? -solution[k]! / along[i]! : Infinity;
    if (reach < step) [step, leaving] = [reach, k];
  });
  if (leaving < 0) return false;
  others.forEach((k, i) => (solution[k] = k === leaving ? 0 : Math.max(0, solution[k]! + step * along[i]!)));
  solution[place] = step;
  free.splice(0, free.length, ...others.filter((k) => solution[k]! > 0), place);
  return true;
}
