import { PLACE, type Engine } from './engine.ts';
import type { Room } from './kernels.ts';
import { STAGE_BYTES } from './lanes.ts';

/** Bytes between the starts of two vectors within a page of 4096: at equal starts, eight rows and their sum contend for the same lines of the cache. */
const STAGGER = 576;
const PAGE = 4096;

/** Vectors one behind the other in an engine's memory. */
export function createRoom(engine: Engine, homes: WeakMap<ArrayBufferLike, Engine>): Room {
  const { buffer } = engine.bytes;
  homes.set(buffer, engine);
  // The first part holds copies of what is too short for a kernel's step.
  let top: number = PLACE.free + STAGE_BYTES;
  let taken = 0;
  const place = (bytes: number): number | null => {
    let at = Math.ceil(top / 64) * 64;
    if (bytes >= PAGE) at += (PAGE + ((taken * STAGGER) % PAGE) - (at % PAGE)) % PAGE;
    if (at + bytes > buffer.byteLength) return null;
    taken++;
    top = at + bytes;
    return at;
  };
  return {
    float32(length) {
      const at = place(length * 4);
      return at === null ? new Float32Array(length) : new Float32Array(buffer, at, length);
    },
    float64(length) {
      const at = place(length * 8);
      return at === null ? new Float64Array(length) : new Float64Array(buffer, at, length);
    },
  };
}
