import { PLACE, type Engine } from './engine.ts';

export type Vector = Float32Array | Float64Array | Uint16Array | Int8Array;

/** Values of each vector that are copied at a time, where vectors lie outside of the kernels' memory. */
export const SPAN = 2048;
/** Bytes of one vector's copy: SPAN float64. */
const SLOT = SPAN * 8;
/** Vectors whose copies fit. */
export const SLOTS = 66;
export const STAGE_BYTES = SLOT * SLOTS;

export const slot = (place: number): number => PLACE.free + place * SLOT;

export interface Call {
  /** Vectors of one length; the first `written` are written and copied back. */
  readonly vectors: readonly Vector[];
  readonly written: number;
  /** The kernel takes multiples of so many values; the last ones are padded with zeros. */
  readonly unit: number;
  readonly run: (engine: Engine, pointers: readonly number[], n: number, from: number) => void;
}

/** Runs a kernel where its vectors lie in `engine`'s memory; those that do not are copied, SPAN values at a time. */
export function overLanes(engine: Engine, { vectors, written, unit, run }: Call): void {
  const { length } = vectors[0]!;
  const here = vectors.map((vector) => vector.buffer === engine.bytes.buffer);
  let from = 0;
  if (here.every(Boolean)) {
    from = length - (length % unit);
    if (from > 0) {
      run(
        engine,
        vectors.map((vector) => vector.byteOffset),
        from,
        0,
      );
    }
  }
  for (; from < length; from += SPAN) {
    const size = Math.min(SPAN, length - from);
    const padded = Math.ceil(size / unit) * unit;
    const copied = (place: number) => padded > size || !here[place];
    const pointers = vectors.map((vector, place) => {
      const width = vector.BYTES_PER_ELEMENT;
      if (!copied(place)) return vector.byteOffset + from * width;
      const at = slot(place);
      engine.bytes.set(bytesAt(vector, from, size), at);
      if (padded > size) engine.bytes.fill(0, at + size * width, at + padded * width);
      return at;
    });
    run(engine, pointers, padded, from);
    for (let place = 0; place < written; place++) {
      if (copied(place)) copyOut(engine, slot(place), bytesAt(vectors[place]!, from, size));
    }
  }
}

export const bytesAt = (vector: Vector, from: number, size: number): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset + from * vector.BYTES_PER_ELEMENT, size * vector.BYTES_PER_ELEMENT);

/** Fills `target` from `at` of the kernels' memory on. */
export const copyOut = (engine: Engine, at: number, target: Uint8Array): void =>
  target.set(engine.bytes.subarray(at, at + target.length));
