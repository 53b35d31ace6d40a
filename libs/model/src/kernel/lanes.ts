import { PLACE, type Engine } from './engine.ts';

export type Vector = Float32Array | Float64Array | Uint16Array | Int8Array;

/** Values of each vector that are copied at a time, where vectors lie outside of the kernels' memory and there are as many as fit. */
export const SPAN = 2048;
/** Spans at most that fewer vectors are copied by: each call costs as much as some thousand values, and past the second cache's size nothing is won. */
const WIDEST = 8;
/**
 * Ordinary vectors begin a few bytes into a page of 4096. A copy out of a page's very start runs at a third of its speed: the processor takes each load for one of
 * what it has just stored 16 bytes before (addresses are compared by their last 12 bits). And vectors that all begin alike contend for the same lines
 * of the cache. So places here begin aside from a page's start, each elsewhere in its own; it takes some fifty before one begins with its page.
 */
export const STAGGER = 576;
const ASIDE = 1024;
/** Bytes of one vector's copy: SPAN float64. */
const SLOT = SPAN * 8 + STAGGER;
/** Vectors whose copies fit. */
export const SLOTS = 66;
export const STAGE_BYTES = ASIDE + SLOT * SLOTS;

export const slot = (place: number): number => PLACE.free + ASIDE + place * SLOT;

export interface Call {
  /** Vectors of one length; the first `written` are written and copied back. */
  readonly vectors: readonly Vector[];
  readonly written: number;
  /** The kernel takes multiples of so many values; the last ones are padded with zeros. */
  readonly unit: number;
  /** Values that belong together: no run begins or ends within them. Left out: a unit. At most SPAN. */
  readonly block?: number;
  readonly run: (engine: Engine, pointers: readonly number[], n: number, from: number) => void;
}

/** Runs a kernel where its vectors lie in `engine`'s memory; those that do not are copied, some spans of values at a time. */
export function overLanes(engine: Engine, { vectors, written, unit, block = unit, run }: Call): void {
  const { length } = vectors[0]!;
  const here = vectors.map((vector) => vector.buffer === engine.bytes.buffer);
  const whole = block % unit === 0;
  let from = 0;
  if (whole && here.every(Boolean)) {
    from = length - (length % block);
    if (from > 0) {
      run(
        engine,
        vectors.map((vector) => vector.byteOffset),
        from,
        0,
      );
    }
  }
  const spans = Math.max(1, Math.min(WIDEST, Math.floor(SLOTS / vectors.length)));
  // Padding is for the end of a run: blocks that need it go one by one.
  const step = whole ? spans * SPAN - ((spans * SPAN) % block) : block;
  for (; from < length; from += step) {
    const size = Math.min(step, length - from);
    const padded = paddedTo(unit, size);
    const copied = (place: number) => padded > size || !here[place];
    const pointers = vectors.map((vector, place) => {
      const width = vector.BYTES_PER_ELEMENT;
      if (!copied(place)) return vector.byteOffset + from * width;
      const at = slot(place * spans);
      engine.bytes.set(bytesAt(vector, from, size), at);
      if (padded > size) engine.bytes.fill(0, at + size * width, at + padded * width);
      return at;
    });
    run(engine, pointers, padded, from);
    for (let place = 0; place < written; place++) {
      if (copied(place)) copyOut(engine, slot(place * spans), bytesAt(vectors[place]!, from, size));
    }
  }
}

/** `n` made up to a multiple of `unit`. */
export const paddedTo = (unit: number, n: number): number => Math.ceil(n / unit) * unit;

export const bytesAt = (vector: Vector, from: number, size: number): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset + from * vector.BYTES_PER_ELEMENT, size * vector.BYTES_PER_ELEMENT);

/** Fills `target` from `at` of the kernels' memory on. */
export const copyOut = (engine: Engine, at: number, target: Uint8Array): void =>
  target.set(engine.bytes.subarray(at, at + target.length));
