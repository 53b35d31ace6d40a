/**
 * One update of a rule that divides by the root of a mean of squares: m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g², or as Yogi; θ ← θ − decay · θ −
 * rate · m / (√(unbias · v + inside) + floor). g is the gradient times `scale`.
 */
export interface Adaptive {
  /** With whatever corrects m. */
  readonly rate: number;
  readonly scale: number;
  readonly beta1: number;
  readonly beta2: number;
  /** What g² is multiplied by in place of 1 − β₂: with 1 and β₂ = 1 squares add up. */
  readonly adds?: number;
  /** v ← v − (1−β₂) g² sign(v − g²). */
  readonly yogi?: boolean;
  /** 1 where left out. */
  readonly unbias?: number;
  /** 0 where left out. */
  readonly inside?: number;
  readonly floor: number;
  /** 0 where left out. */
  readonly decay?: number;
}

export interface Moments {
  readonly m?: Float32Array | undefined;
  readonly v: Float32Array;
}

export interface Step {
  readonly rate: number;
  /** What each entry of the gradient is multiplied by. */
  readonly scale: number;
  readonly weightDecay: number;
}

/** A chunk-wise int8 vector: value i ≈ codes[i] · scales[⌊i / chunk⌋]. */
export interface Int8Vector {
  readonly codes: Int8Array;
  /** float32, one a chunk. */
  readonly scales: Float32Array;
  readonly chunk: number;
}

/** The entries of largest magnitude, in ascending order of their place. */
export interface LargestEntries {
  readonly places: Uint32Array;
  readonly values: Float32Array;
}

/**
 * Arithmetic over whole vectors. Two implementations, `plain` (the definition, in TypeScript) and `wasm` (WebAssembly SIMD), give the same bits for
 * every length, for any number of rows and wherever the arrays lie; only which NaN a NaN is, is left open. All arrays of a call have one length unless it is said
 * otherwise; none may overlap another that is written.
 */
export interface Kernels {
  readonly name: 'plain' | 'wasm';
  /**
   * Memory in which vectors lie as the kernels want them: no copy is made where all arrays of a call are of one room. It is taken from the machine as it
   * is written to, at most `bytes` and little more than a megabyte of working memory. Each vector takes up to 8 KB more than its own bytes; where the room is used up, vectors are ordinary arrays.
   */
  room(bytes: number): Room;
  /** into ← Σ w_k row_k: float64, in the order of the rows, rounded to float32 once. No row: zeros. */
  weightedSum(rows: readonly Float32Array[], weights: ArrayLike<number>, into: Float32Array): void;
  /**
   * JJᵀ of K rows, K×K row-major. Each entry is the sum over blocks of 4096 columns of the block's sum in float64, columns of even and of odd place
   * apart: it depends on its two rows alone.
   */
  gramian(rows: readonly Float32Array[]): Float64Array;
  /** sum ← sum + weight · row, float64. */
  accumulate(sum: Float64Array, row: Float32Array, weight: number): void;
  /** into ← scale · sum, rounded to float32. */
  roundScaled(sum: Float64Array, scale: number, into: Float32Array): void;
  /** Σ x², float64: eight sums of the places that are equal modulo 8, added as ((0+1)+(2+3))+((4+5)+(6+7)). */
  sumOfSquares(row: Float32Array): number;
  /** The median of each column, of an even count the mean of the two middle values; rows are finite, at least one. */
  medians(rows: readonly Float32Array[]): Float64Array;
  /** The mean of each column without its `cut` smallest and `cut` largest values, added in ascending order; 2 · cut < K, rows are finite. */
  trimmedMeans(rows: readonly Float32Array[], cut: number): Float64Array;
  /** θ ← θ − rate · (scale · g + weightDecay · θ): float64, each value rounded once, when it is stored. So do the other steps. */
  sgd(values: Float32Array, gradient: Float32Array, step: Step): void;
  momentum(values: Float32Array, gradient: Float32Array, m: Float32Array, step: Step & Momentum): void;
  /** In float32, each operation rounded. Without `m`, β₁ is 0 and nothing is kept of it. */
  adaptive(values: Float32Array, gradient: Float32Array, moments: Moments, step: Adaptive): void;
  /** IEEE 754 binary16, to nearest even; beyond 65504 infinite, NaN stays NaN. */
  encodeFloat16(values: Float32Array, into: Uint16Array): void;
  decodeFloat16(codes: Uint16Array, into: Float32Array): void;
  /** The upper half of a float32, to nearest even; NaN stays NaN. */
  encodeBfloat16(values: Float32Array, into: Uint16Array): void;
  decodeBfloat16(codes: Uint16Array, into: Float32Array): void;
  /**
   * Error feedback (Karimireddy et al., ICML 2019): u = residual + values; a chunk's scale is max|u| / 127, a code u · 127 / max|u| to nearest even, and
   * residual ← u − code · scale, all in float32. A chunk of zeros, or whose largest is so small that 127 by it is infinite, has scale 0 and stays behind
   * whole. False: a value of u is not finite, and `into` and `residual` are of no use any more.
   */
  encodeInt8(values: Float32Array, residual: Float32Array, into: Int8Vector): boolean;
  /** into ← code · scale in float32. */
  decodeInt8(from: Int8Vector, into: Float32Array): void;
  /** sum ← sum + values in float32. */
  add(sum: Float32Array, values: Float32Array): void;
  /** velocity ← keep · velocity + values, residual ← residual + velocity in float32; keep is a float32. Momentum correction: Lin et al., ICLR 2018. */
  feedbackVelocity(residual: Float32Array, velocity: Float32Array, values: Float32Array, keep: number): void;
  /**
   * How `now` differs from `before`, exactly: the differences of the bits, as whole numbers modulo 2³², in zigzag order, each in as many of 0, 2, 3 and 4 bytes as it
   * needs; first which of the four, a byte for four values (the low bits of 0 to 3, then the high ones), then the bytes of all (as in Stream VByte: Lemire, Kurz and Rupp, 2018, whose widths are 1 to 4).
   * Returns the bytes written from the start of `into`; null: it is too short, and of no use any more.
   */
  encodeDelta(before: Float32Array, now: Float32Array, into: Uint8Array): number | null;
  /** What `encodeDelta` was given as `now`. False: `from` is not what it writes for this many values, and `into` is of no use any more. */
  decodeDelta(before: Float32Array, from: Uint8Array, into: Float32Array): boolean;
  /** The min(count, length) entries of largest magnitude; of equal ones the first. null: a value is not finite. */
  largest(values: Float32Array, count: number): LargestEntries | null;
}

export interface Momentum {
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** Vectors of zeros. */
export interface Room {
  readonly float32: (length: number) => Float32Array;
  readonly float64: (length: number) => Float64Array;
  readonly uint16: (length: number) => Uint16Array;
  readonly int8: (length: number) => Int8Array;
}
