import { adaptiveNumbers } from './adaptive-numbers.ts';
import { plainCodecs } from './plain-codecs.ts';
import { plainDelta } from './plain-delta.ts';
import { plainGramian } from './plain-gramian.ts';
import type { Kernels } from './kernels.ts';
import { ordinaryRoom } from './room.ts';

const { fround } = Math;

/** Values summed at a time: the float64 sums stay in the first-level cache while the rows pass. */
const BLOCK = 2048;

/** The kernels in TypeScript: what each of them means, and what runs where there is no WebAssembly SIMD. */
export const plain: Kernels = {
  name: 'plain',
  room: () => ordinaryRoom,
  weightedSum(rows, weights, into) {
    const sum = new Float64Array(Math.min(BLOCK, into.length));
    for (let from = 0; from < into.length; from += BLOCK) {
      const size = Math.min(BLOCK, into.length - from);
      sum.fill(0);
      let k = 0;
      for (; k + 1 < rows.length; k += 2) {
        addPair(sum, [rows[k]!, rows[k + 1]!], [weights[k]!, weights[k + 1]!], { from, size });
      }
      if (k < rows.length) plain.accumulate(sum.subarray(0, size), rows[k]!.subarray(from, from + size), weights[k]!);
      for (let i = 0; i < size; i++) into[from + i] = sum[i]!;
    }
  },
  gramian: plainGramian,
  accumulate(sum, row, weight) {
    for (let i = 0; i < row.length; i++) sum[i]! += weight * row[i]!;
  },
  add(sum, values) {
    for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!;
  },
  roundScaled(sum, scale, into) {
    for (let i = 0; i < sum.length; i++) into[i] = scale * sum[i]!;
  },
  sumOfSquares(row) {
    const sums = new Float64Array(8);
    for (let i = 0; i < row.length; i++) sums[i & 7]! += row[i]! * row[i]!;
    return addLanes(sums);
  },
  medians(rows) {
    const lower = (rows.length - 1) >> 1;
    const upper = rows.length >> 1;
    return fromSortedColumns(rows, (ascending) => (ascending[lower]! + ascending[upper]!) / 2);
  },
  trimmedMeans(rows, cut) {
    const left = rows.length - 2 * cut;
    return fromSortedColumns(rows, (ascending) => {
      let sum = 0;
      for (let k = cut; k < cut + left; k++) sum += ascending[k]!;
      return sum / left;
    });
  },
  sgd(values, gradient, { rate, scale, weightDecay }) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      values[i] = value - rate * (gradient[i]! * scale + weightDecay * value);
    }
  },
  momentum(values, gradient, m, { rate, scale, weightDecay, momentum: decay, nesterov }) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const g = gradient[i]! * scale + weightDecay * value;
      const next = decay * m[i]! + g;
      m[i] = next;
      values[i] = value - rate * (nesterov ? g + decay * next : next);
    }
  },
  adaptive(values, gradient, { m, v }, given) {
    const { rate, scale, beta1, rest1, beta2, rest2, unbias, inside, floor, decay } = adaptiveNumbers(given);
    for (let i = 0; i < values.length; i++) {
      const g = fround(gradient[i]! * scale);
      const mean = m ? fround(fround(beta1 * m[i]!) + fround(rest1 * g)) : g;
      const term = fround(fround(rest2 * g) * g);
      const before = v[i]!;
      const square = given.yogi ? towards(before, term, fround(g * g)) : fround(fround(beta2 * before) + term);
      if (m) m[i] = mean;
      v[i] = square;
      const root = fround(Math.sqrt(fround(fround(square * unbias) + inside)));
      values[i] = fround(values[i]! - fround(decay * values[i]!)) - fround(fround(rate * mean) / fround(root + floor));
    }
  },
  ...plainCodecs,
  ...plainDelta,
};

/** Eight partial sums in the order that all kernels keep. */
export const addLanes = (s: Float64Array): number =>
  s[0]! + s[1]! + (s[2]! + s[3]!) + (s[4]! + s[5]! + (s[6]! + s[7]!));

/** Yogi's step of `term` towards g². */
const towards = (before: number, term: number, squared: number): number =>
  before > squared ? fround(before - term) : before < squared ? fround(before + term) : before;

/** Two rows in one pass, the first one first: the same additions in the same order as one after the other. */
function addPair(
  sum: Float64Array,
  [a, b]: readonly [Float32Array, Float32Array],
  [u, v]: readonly [number, number],
  { from, size }: { from: number; size: number },
): void {
  for (let i = 0; i < size; i++) sum[i] = sum[i]! + u * a[from + i]! + v * b[from + i]!;
}

/** One number from each coordinate's values in ascending order. `reduce` is given the same array each time. */
function fromSortedColumns(rows: readonly Float32Array[], reduce: (ascending: Float64Array) => number): Float64Array {
  const column = new Float64Array(rows.length);
  const reduced = new Float64Array(rows[0]!.length);
  for (let i = 0; i < reduced.length; i++) {
    for (let k = 0; k < rows.length; k++) insert(column, k, rows[k]![i]!);
    reduced[i] = reduce(column);
  }
  return reduced;
}

/** Into its place among the first `count` values: for a few dozen values faster than a call of sort. */
function insert(ascending: Float64Array, count: number, value: number): void {
  let place = count;
  for (; place > 0 && ascending[place - 1]! > value; place--) ascending[place] = ascending[place - 1]!;
  ascending[place] = value;
}
