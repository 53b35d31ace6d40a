import { PLACE, type Engine } from './engine.ts';
import type { LargestEntries } from './kernels.ts';
import { bytesAt, slot, SPAN } from './lanes.ts';

const BINS = 32768;
/** Values looked through at a time; what is found among them lies where the counters were. */
const FOUND = PLACE.counters + SPAN * 4;
/** Bits below a bin. */
const FINE = 65536;

/**
 * The entries of largest magnitude: counted by the upper bits of their magnitude, gathered from the bin of the count-th one upwards, and cut to `count`
 * by sorting that bin alone.
 */
export function largestOf(engine: Engine, values: Float32Array, count: number): LargestEntries | null {
  const kept = Math.min(count, values.length);
  const home = values.buffer === engine.bytes.buffer;
  /** Hears of each block of values and where it lies; the last one is padded with zeros to a multiple of 4. */
  const each = (block: (at: number, from: number, size: number) => void) => {
    for (let from = 0; from < values.length; from += SPAN) {
      const size = Math.min(SPAN, values.length - from);
      if (home && size % 4 === 0) block(values.byteOffset + from * 4, from, size);
      else {
        engine.bytes.fill(0, slot(0), slot(0) + SPAN * 4).set(bytesAt(values, from, size), slot(0));
        block(slot(0), from, size);
      }
    }
  };
  engine.bytes.fill(0, PLACE.counters, PLACE.counters + BINS * 4);
  each((at, _from, size) => engine.run.histogram(PLACE.counters, at, size));
  const counters = new Uint32Array(engine.bytes.slice(PLACE.counters, PLACE.counters + BINS * 4).buffer);
  if (counters.subarray(0x7f80).some((counter) => counter > 0)) return null;
  let above = 0;
  let bin = BINS;
  while (bin > 0 && above < kept) above += counters[--bin]!;
  if (kept === 0) return { places: new Uint32Array(0), values: new Float32Array(0) };

  const places = new Uint32Array(above);
  const bits = new Uint32Array(above);
  let found = 0;
  each((at, from, size) => {
    const padded = Math.ceil(size / 4) * 4;
    const hits = engine.run.gather(PLACE.counters, FOUND, at, padded, from, bin * FINE);
    // In the bin of zero the padding counts too; it stands last.
    const real = Math.min(hits, above - found);
    for (const [into, base] of [[places, PLACE.counters] as const, [bits, FOUND] as const]) {
      new Uint8Array(into.buffer, found * 4, real * 4).set(engine.bytes.subarray(base, base + real * 4));
    }
    found += real;
  });
  return cut(places, bits, { kept, above: above - counters[bin]!, bin });
}

/** Of what was gathered, the `kept` largest: all above the bin, and of the bin the largest, of equal ones the first. */
function cut(
  places: Uint32Array,
  bits: Uint32Array,
  { kept, above, bin }: { kept: number; above: number; bin: number },
): LargestEntries {
  const size = (place: number) => bits[place]! & 0x7fffffff;
  const inBin = new Uint32Array(places.length - above);
  let noted = 0;
  for (let i = 0; i < bits.length; i++) if (size(i) < (bin + 1) * FINE) inBin[noted++] = size(i);
  inBin.sort();
  const wanted = kept - above;
  const least = inBin[inBin.length - wanted]!;
  let ties = wanted;
  for (let i = inBin.length - 1; i >= 0 && inBin[i]! > least; i--) ties--;
  const chosen = new Uint32Array(kept);
  const found = new Uint32Array(kept);
  let at = 0;
  for (let i = 0; i < places.length; i++) {
    if (size(i) < least || (size(i) === least && ties-- <= 0)) continue;
    chosen[at] = places[i]!;
    found[at++] = bits[i]!;
  }
  return { places: chosen, values: new Float32Array(found.buffer) };
}
