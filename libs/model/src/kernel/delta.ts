import { PLACE, type Engine } from './engine.ts';
import { bytesAt, slot } from './lanes.ts';
import { tagBytes } from './plain-delta.ts';

/** Values that are gone through at a time: their bytes fit in a slot. */
const BLOCK = 4096;
/** Where a block lies that is not in the kernels' memory, what is written or read of it, and its tags. */
const BEFORE = slot(0);
const NOW = slot(1);
const CODED = slot(2);
const TAGS = slot(3);

/** Where `size` values from `from` on lie in the kernels' memory; they are copied to `at` where they are elsewhere. */
function placed({ bytes }: Engine, at: number, values: Float32Array, [from, size]: readonly [number, number]): number {
  if (values.buffer === bytes.buffer) return values.byteOffset + from * 4;
  bytes.set(bytesAt(values, from, size), at);
  return at;
}

export function encodeDelta(engine: Engine, before: Float32Array, now: Float32Array, into: Uint8Array): number | null {
  let end = tagBytes(now.length);
  if (end > into.length) return null;
  for (let from = 0; from < now.length; from += BLOCK) {
    const size = Math.min(BLOCK, now.length - from);
    const pointers = [placed(engine, BEFORE, before, [from, size]), placed(engine, NOW, now, [from, size])] as const;
    const written = engine.run.encodeDelta(PLACE.tables, TAGS, CODED, ...pointers, size);
    if (end + written > into.length) return null;
    into.set(engine.bytes.subarray(TAGS, TAGS + tagBytes(size)), tagBytes(from));
    into.set(engine.bytes.subarray(CODED, CODED + written), end);
    end += written;
  }
  return end;
}

export function decodeDelta(engine: Engine, before: Float32Array, from: Uint8Array, into: Float32Array): boolean {
  const inside = into.buffer === engine.bytes.buffer;
  let at = tagBytes(into.length);
  for (let first = 0; first < into.length && at <= from.length; first += BLOCK) {
    const size = Math.min(BLOCK, into.length - first);
    const old = placed(engine, BEFORE, before, [first, size]);
    const out = inside ? into.byteOffset + first * 4 : NOW;
    engine.bytes.set(from.subarray(tagBytes(first), tagBytes(first + size)), TAGS);
    engine.bytes.set(from.subarray(at, at + size * 4), CODED);
    at += engine.run.decodeDelta(PLACE.tables, out, old, TAGS, CODED, size);
    if (!inside) bytesAt(into, first, size).set(engine.bytes.subarray(NOW, NOW + size * 4));
  }
  return at === from.length;
}
