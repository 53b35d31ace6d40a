import { kernels } from '../kernel/index.ts';
import type { Coded } from './coded.ts';

/** What changed from `before` to `now`, exactly and in `delta`; undefined where float32 is no more bytes. */
export function encodeDifference(before: Float32Array, now: Float32Array): Coded | undefined {
  // One byte short of float32: written until it is full, no further.
  const room = new Uint8Array(Math.max(0, now.byteLength - 1));
  const bytes = kernels().encodeDelta(before, now, room);
  return bytes === null ? undefined : { bytes: room.subarray(0, bytes), encoding: 'delta' };
}
