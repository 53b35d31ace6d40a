import { largest } from './dense.ts';

export interface Eigen {
  /** Largest first. */
  readonly values: Float64Array;
  /** Column j, entry i at i·K + j, belongs to value j. */
  readonly vectors: Float64Array;
  /** max |MV − VΛ| relative to the largest eigenvalue. */
  readonly residual: number;
}

/**
 * Eigenvalues and vectors of a symmetric matrix by cyclic Jacobi rotations. An entry counts as zero relative to its own two diagonal entries, which
 * keeps small eigenvalues of a graded positive definite matrix exact (Demmel and Veselić, SIAM J. Matrix Anal. Appl. 1992).
 */
export function symmetricEigen(matrix: Float64Array, count: number): Eigen {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(count * count);
  for (let i = 0; i < count; i++) v[i * count + i] = 1;
  const floor = Number.EPSILON ** 2 * largest(matrix);
  for (let sweep = 0, turned = true; turned && sweep < 60; sweep++) {
    turned = false;
    for (let p = 0; p < count; p++) {
      for (let q = p + 1; q < count; q++) {
        const off = Math.abs(a[p * count + q]!);
        const own = Math.sqrt(Math.abs(a[p * count + p]! * a[q * count + q]!));
        if (off <= Number.EPSILON * own || off <= floor) continue;
        turned = true;
        rotate(a, v, { count, p, q });
      }
    }
  }
  return sorted(matrix, a, v, count);
}

function rotate(a: Float64Array, v: Float64Array, { count, p, q }: { count: number; p: number; q: number }): void {
  const app = a[p * count + p]!;
  const aqq = a[q * count + q]!;
  const apq = a[p * count + q]!;
  const half = (aqq - app) / (2 * apq);
  const t = Math.sign(half || 1) / (Math.abs(half) + Math.hypot(1, half));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  for (let i = 0; i < count; i++) {
    if (i !== p && i !== q) {
      const x = a[i * count + p]!;
      const y = a[i * count + q]!;
      a[i * count + p] = a[p * count + i] = c * x - s * y;
      a[i * count + q] = a[q * count + i] = s * x + c * y;
    }
    const x = v[i * count + p]!;
    const y = v[i * count + q]!;
    v[i * count + p] = c * x - s * y;
    v[i * count + q] = s * x + c * y;
  }
  a[p * count + p] = app - t * apq;
  a[q * count + q] = aqq + t * apq;
  a[p * count + q] = a[q * count + p] = 0;
}

function sorted(matrix: Float64Array, a: Float64Array, v: Float64Array, count: number): Eigen {
  const order = Array.from({ length: count }, (_, i) => i).sort((i, j) => a[j * count + j]! - a[i * count + i]!);
  const values = Float64Array.from(order, (i) => a[i * count + i]!);
  const vectors = new Float64Array(count * count);
  order.forEach((from, to) => {
    for (let i = 0; i < count; i++) vectors[i * count + to] = v[i * count + from]!;
  });
  let worst = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      let sum = -values[j]! * vectors[i * count + j]!;
      for (let m = 0; m < count; m++) sum += matrix[i * count + m]! * vectors[m * count + j]!;
      worst = Math.max(worst, Math.abs(sum));
    }
  }
  return { values, vectors, residual: worst === 0 ? 0 : worst / largest(values) };
}
