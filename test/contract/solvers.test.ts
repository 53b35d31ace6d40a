import { EigenvalueDecomposition, Matrix, pseudoInverse } from 'ml-matrix';
import { solveQP } from 'quadprog';
import { describe, expect, it } from 'vitest';
import {
  bestWorstCase,
  borderedSolve,
  leastDistance,
  minNormPoint,
  nonNegative,
  powerBalance,
  projectOnDualCone,
  pseudoSolve,
  solveWithin,
  symmetricEigen,
} from '@trunkline/model/aggregation/solve';
import { strategies, type WeighingStrategy } from '@trunkline/model/aggregation';
import { randomStream } from '@trunkline/model/random';

/** Referees: quadprog (Goldfarb and Idnani's dual method) and ml-matrix, both independent of the solvers here. */

const random = randomStream(11, 'solvers');
const TRIALS = 60;

/** Cosines of K random directions in K + 2 dimensions: positive definite, half of the pairs conflict. */
function cosinesOf(count: number, length = count + 2): Float64Array {
  const rows = Array.from({ length: count }, () => {
    const row = Array.from({ length }, () => random.normal());
    const norm = Math.hypot(...row);
    return row.map((value) => value / norm);
  });
  return Float64Array.from(
    rows.flatMap((a, i) => rows.map((b, j) => (i === j ? 1 : a.reduce((sum, value, at) => sum + value * b[at]!, 0)))),
  );
}

const each = (solve: (count: number, cosines: Float64Array) => void) => {
  for (let trial = 0; trial < TRIALS; trial++) {
    const count = 2 + (trial % 11);
    solve(count, cosinesOf(count));
  }
};
const vector = (count: number, draw = () => random.normal()) => Float64Array.from({ length: count }, draw);
const squares = (matrix: Float64Array, count: number) =>
  Array.from({ length: count }, (_, i) => [...matrix.subarray(i * count, i * count + count)]);
const form = (matrix: Float64Array, x: ArrayLike<number>) => {
  const count = x.length;
  return matrix.reduce((sum, value, at) => sum + value * x[Math.floor(at / count)]! * x[at % count]!, 0);
};
const close = (ours: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number) => {
  const scale = Math.max(1e-300, ...Array.from(theirs, Math.abs));
  for (let k = 0; k < theirs.length; k++) expect(Math.abs(ours[k]! - theirs[k]!) / scale).toBeLessThan(tolerance);
};

/** min ½xᵀDx − dᵀx with the columns' products at least `bounds`, by quadprog; its arrays start at 1. */
function referee(problem: { d: number[][]; linear: number[]; columns: number[][]; bounds: number[]; equal?: number }) {
  const one = <T>(values: T[]) => [undefined as T, ...values];
  const rows = problem.linear.map((_, i) => one(problem.columns.map((column) => column[i]!)));
  const { solution, message } = solveQP(
    one(problem.d.map(one)),
    one(problem.linear),
    one(rows),
    one(problem.bounds),
    problem.equal ?? 0,
  );
  expect(message).toBe('');
  return solution.slice(1);
}
const identity = (count: number) =>
  Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => +(i === j)));

describe('solvers against independent referees', () => {
  it('non-negative least squares equals quadprog', () => {
    each((count, cosines) => {
      const right = vector(count);
      const ours = nonNegative(cosines, right);
      const columns = identity(count);
      const theirs = referee({
        d: squares(cosines, count),
        linear: [...right],
        columns,
        bounds: Array<number>(count).fill(0),
      });
      close(ours.solution, theirs, 1e-8);
      expect(ours.residual).toBeLessThan(1e-13);
    });
  });

  it('the projection on the dual cone equals quadprog and never falls below its lower bounds', () => {
    each((count, cosines) => {
      const lower = vector(count, () => random.uniform());
      const ours = projectOnDualCone(cosines, lower);
      const theirs = referee({
        d: squares(cosines, count),
        linear: Array<number>(count).fill(0),
        columns: identity(count),
        bounds: [...lower],
      });
      close(ours.solution, theirs, 1e-8);
      expect(ours.solution.every((value, k) => value >= lower[k]!)).toBe(true);
      expect(ours.residual).toBeLessThan(1e-13);
    });
  });

  it('the shortest point of a hull equals quadprog, and stays exact where it cannot follow: norms 1e-4 to 1e4', () => {
    each((count, cosines) => {
      const norms = vector(count, () => 0.5 + random.uniform());
      const d = squares(cosines, count).map((row, i) => row.map((value, j) => value * norms[i]! * norms[j]!));
      const columns = [Array<number>(count).fill(1), ...identity(count)];
      const bounds = [1, ...Array<number>(count).fill(0)];
      const theirs = referee({ d, linear: Array<number>(count).fill(0), columns, bounds, equal: 1 });
      close(minNormPoint(cosines, norms).solution, theirs, 1e-8);
      const uneven = vector(count, () => 10 ** (8 * random.uniform() - 4));
      expect(minNormPoint(cosines, uneven).residual).toBeLessThan(1e-13);
    });
  });

  it('the shortest x with Ux ≥ r has the length that quadprog finds, and says where there is none', () => {
    each((count, cosines) => {
      const reach = vector(count);
      // In y: min ½yᵀCy with Cy ≥ r, whose x = Uᵀy is unique.
      const columns = squares(cosines, count);
      const theirs = referee({ d: columns, linear: Array<number>(count).fill(0), columns, bounds: [...reach] });
      const ours = leastDistance(cosines, reach)!;
      close([ours.squared], [form(cosines, theirs)], 1e-8);
      expect(ours.residual).toBeLessThan(1e-13);
    });
    expect(leastDistance(Float64Array.of(1, -1, -1, 1), [1, 1])).toBeUndefined();
  });

  it('the best worst case in a ball is no worse than any of 200 random points of it, and meets its bound by duality', () => {
    each((count, cosines) => {
      const norms = vector(count, () => 10 ** (2 * random.uniform() - 1));
      const centre = vector(count);
      const radius = 0.7;
      const { solution, residual } = bestWorstCase({ cosines, norms, centre, radius })!;
      const worstAt = (y: ArrayLike<number>) =>
        Math.min(
          ...norms.map((norm, k) => {
            const along = Array.from(y).reduce((sum, value, j) => sum + value * cosines[k * count + j]!, 0);
            return norm * (centre[k]! + radius * along);
          }),
        );
      const best = worstAt(solution);
      for (let trial = 0; trial < 200; trial++) {
        const y = vector(count);
        const length = Math.sqrt(form(cosines, y));
        expect(worstAt(y.map((value) => value / length))).toBeLessThanOrEqual(best + 1e-12);
      }
      const total = solution.reduce((sum, value, k) => sum + value / norms[k]!, 0);
      const dual = solution.reduce((sum, value, k) => sum + value * centre[k]!, radius) / total;
      expect(Math.abs(dual - best) / (1 + Math.abs(best))).toBeLessThan(1e-10);
      expect(residual).toBeLessThan(1e-12);
    });
  });

  it('eigenvalues and M⁺b equal those of ml-matrix', () => {
    each((count, cosines) => {
      const theirs = new EigenvalueDecomposition(new Matrix(squares(cosines, count)), { assumeSymmetric: true });
      const ours = symmetricEigen(cosines, count);
      close(
        ours.values,
        theirs.realEigenvalues.toSorted((a, b) => b - a),
        1e-13,
      );
      expect(ours.residual).toBeLessThan(1e-14);
      const low = cosinesOf(count, Math.max(1, count - 2));
      const right = vector(count);
      const inverse = pseudoInverse(new Matrix(squares(low, count)), 1e-10).mmul(Matrix.columnVector([...right]));
      const solved = pseudoSolve(low, right);
      close(solved.solution, inverse.to1DArray(), 1e-6);
      expect(solved.residual).toBeLessThan(1e-14);
    });
  });

  it('keeps every digit of small eigenvalues of a graded matrix', () => {
    // [[1, b], [b, b²(1 + q)]]: λ₂ ≈ b²q up to 1 − b², far below the rounding of λ₁.
    const [b, q] = [1e-9, 0.5];
    const { values } = symmetricEigen(Float64Array.of(1, b, b, b * b * (1 + q)), 2);
    expect(Math.abs(values[1]! / (b * b * q) - 1)).toBeLessThan(1e-14);
  });

  it('aligned-mtl equals its formula by the eigenvalues of ml-matrix', () => {
    const weigher = (strategies['aligned-mtl'] as WeighingStrategy).create();
    each((count, cosines) => {
      const tasks = Array.from({ length: count }, (_, k) => `t${k}`);
      const input = { tasks, gramian: cosines, rows: undefined, losses: new Float64Array(count), round: 1, random };
      const { weights, state } = weigher.weigh(input, weigher.init(tasks));
      expect(state.stationary).toBe(false);
      const { realEigenvalues, eigenvectorMatrix: v } = new EigenvalueDecomposition(
        new Matrix(squares(cosines, count)),
        { assumeSymmetric: true },
      );
      const stretch = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.min(...realEigenvalues) / value)));
      const mean = Matrix.columnVector(Array<number>(count).fill(1 / count));
      close(weights, v.mmul(stretch).mmul(v.transpose()).mmul(mean).to1DArray(), 1e-10);
    });
  });

  it('the bordered solve equals the inverse of the bordered matrix', () => {
    each((count, cosines) => {
      const border = vector(count, () => 0.5 + random.uniform());
      const bordered = new Matrix([...squares(cosines, count).map((row) => [...row, -1]), [...border, 0]]);
      const theirs = pseudoInverse(bordered).mmul(Matrix.columnVector([...Array<number>(count).fill(0), 1]));
      const ours = borderedSolve(cosines, border)!;
      close(ours.solution, theirs.to1DArray().slice(0, count), 1e-7);
      expect(ours.residual).toBeLessThan(1e-13);
    });
    expect(borderedSolve(Float64Array.of(1, -1, -1, 1), Float64Array.of(1, 1))).toBeUndefined();
  });

  it('damped Newton balances Cy = e·y^(−β) to the last digits for β from 0.1 to 10', () => {
    each((count, cosines) => {
      for (const power of [0.1, 0.5, 1, 2, 10]) {
        const factors = vector(count, () => 10 ** (4 * random.uniform() - 2));
        const { solution, residual } = powerBalance(cosines, factors, power);
        expect(residual).toBeLessThan(1e-13);
        const y = Matrix.columnVector([...solution]);
        const product = new Matrix(squares(cosines, count)).mmul(y).to1DArray();
        const total = solution.reduce((sum, value) => sum + value, 0);
        product.forEach((value, k) => {
          const other = factors[k]! * solution[k]! ** -power;
          expect(Math.abs(value - other) / (total + other)).toBeLessThan(1e-13);
        });
      }
    });
  });

  it('Cholesky solves within the places asked for and refuses a singular matrix', () => {
    each((count, cosines) => {
      const places = [count - 1, 0];
      const right = vector(count);
      const c = cosines[count - 1]!;
      const [last, first] = [right[count - 1]!, right[0]!];
      const ours = solveWithin(cosines, right, places)!;
      close(ours, [(last - c * first) / (1 - c * c), (first - c * last) / (1 - c * c)], 1e-12);
    });
    expect(solveWithin(Float64Array.of(1, 1, 1, 1), [1, 1], [0, 1])).toBeUndefined();
  });
});
