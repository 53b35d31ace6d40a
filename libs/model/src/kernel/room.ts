import { PLACE, type Engine } from './engine.ts';
import type { Room } from './kernels.ts';
import { paddedTo, STAGE_BYTES, STAGGER } from './lanes.ts';

const PAGE = 4096;

/** Vectors one behind the other in an engine's memory. */
export function createRoom(engine: Engine, homes: WeakMap<ArrayBufferLike, Engine>): Room {
  const { buffer } = engine.bytes;
  homes.set(buffer, engine);
  // The first part holds copies of what is too short for a kernel's step.
  let top: number = PLACE.free + STAGE_BYTES;
  let taken = 0;
  const place = (bytes: number): number | null => {
    let at = paddedTo(64, top);
    if (bytes >= PAGE) at += (PAGE + (((taken + 1) * STAGGER) % PAGE) - (at % PAGE)) % PAGE;
    if (at + bytes > buffer.byteLength) return null;
    taken++;
    top = at + bytes;
    return at;
  };
  const vector =
    <V>(
      make: new (buffer: ArrayBufferLike, at: number, length: number) => V,
      width: number,
      own: (length: number) => V,
    ) =>
    (length: number): V => {
      const at = place(length * width);
      return at === null ? own(length) : new make(buffer, at, length);
    };
  return {
    float32: vector(Float32Array<ArrayBufferLike>, 4, ordinaryRoom.float32),
    float64: vector(Float64Array<ArrayBufferLike>, 8, ordinaryRoom.float64),
    uint16: vector(Uint16Array<ArrayBufferLike>, 2, ordinaryRoom.uint16),
    int8: vector(Int8Array<ArrayBufferLike>, 1, ordinaryRoom.int8),
  };
}

/** Memory like any other: for kernels that need no room, and where there is none left. */
export const ordinaryRoom: Room = {
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  uint16: (length) => new Uint16Array(length),
  int8: (length) => new Int8Array(length),
};
