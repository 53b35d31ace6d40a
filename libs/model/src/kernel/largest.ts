import { PLACE, type Engine } from './engine.ts';
import type { LargestEntries } from './kernels.ts';
import { bytesAt, paddedTo, slot } from './lanes.ts';

/** Magnitudes are counted by their upper 15 bits; so many values share a bin. */
const BINS = 32768;
const FINE = 65536;
const NOT_FINITE = 0x7f800000;
/** Values looked through at a time; what is found among them lies where the counters were, places first. */
const BLOCK = 16384;
const FOUND = PLACE.counters + BLOCK * 4;
/** Values looked at to guess where the largest begin, of vectors that are at least so many times as long. */
const SAMPLE = 16384;
const WORTH_A_SAMPLE = 8;

/** Entries that were gathered: all whose magnitude is in `bin` or above it, and perhaps others below. */
interface Gathered {
  readonly places: Uint32Array;
  readonly bits: Uint32Array;
}

const sizeOf = (bits: number): number => bits & 0x7fffffff;

/**
 * The entries of largest magnitude. A sample says from where upwards there are probably enough, but not many more, so that one pass that hardly ever finds
 * something gathers them; where the sample misled, and in short vectors, all magnitudes are counted first. Either way the bin of the count-th one alone is sorted.
 */
export function largestOf(engine: Engine, values: Float32Array, count: number): LargestEntries | null {
  const kept = Math.min(count, values.length);
  const { gathered, counters } = guessed(engine, values, kept) ?? counted(engine, values, kept);
  if (!gathered) return null;
  if (kept === 0) return { places: new Uint32Array(0), values: new Float32Array(0) };
  const { bin, above } = binOf(counters, kept);
  return cut(gathered, { kept, above: above - counters[bin]!, bin, inside: counters[bin]! });
}

/** What was found, null where a value is not finite, and how many there are of each bin that counts. */
interface Found {
  readonly gathered: Gathered | null;
  readonly counters: Uint32Array;
}

/** By a sample; undefined: there are fewer than it said, or many more. */
function guessed(engine: Engine, values: Float32Array, kept: number): Found | undefined {
  const { length } = values;
  const expected = (kept / length) * SAMPLE;
  if (length < SAMPLE * WORTH_A_SAMPLE || kept === 0 || expected > SAMPLE / 8) return undefined;
  const bits = new Uint32Array(values.buffer, values.byteOffset, length);
  const sample = new Uint32Array(BINS);
  // Odd, so that what repeats every 2ⁿ values is not seen at one place alone.
  const stride = Math.floor(length / SAMPLE) | 1;
  for (let i = 0; i < length; i += stride) sample[sizeOf(bits[i]!) >>> 16]!++;
  // Five standard deviations more than there should be: one in millions comes short.
  const { bin } = binOf(sample, Math.ceil(expected + 5 * Math.sqrt(expected)) + 8);
  if (bin === 0) return undefined;
  const gathered = gather(engine, values, { least: bin * FINE, most: 3 * kept + BLOCK });
  if (!gathered || gathered.places.length < kept) return undefined;
  const counters = new Uint32Array(BINS);
  for (let i = 0; i < gathered.bits.length; i++) counters[sizeOf(gathered.bits[i]!) >>> 16]!++;
  return { gathered: finite(counters) ? gathered : null, counters };
}

/** By counting all. */
function counted(engine: Engine, values: Float32Array, kept: number): Found {
  engine.bytes.fill(0, PLACE.counters, PLACE.counters + BINS * 4);
  eachBlock(engine, values, (at, _from, size) => engine.run.histogram(PLACE.counters, at, size));
  const counters = new Uint32Array(engine.bytes.slice(PLACE.counters, PLACE.counters + BINS * 4).buffer);
  if (!finite(counters)) return { gathered: null, counters };
  const { bin, above } = binOf(counters, kept);
  return { gathered: gather(engine, values, { least: bin * FINE, most: above })!, counters };
}

const finite = (counters: Uint32Array): boolean =>
  counters.subarray(NOT_FINITE / FINE).every((counter) => counter === 0);

/** The bin of the `rank`-th largest, and how many there are in it and above. */
function binOf(counters: Uint32Array, rank: number): { bin: number; above: number } {
  let above = 0;
  let bin = BINS;
  while (bin > 0 && above < rank) above += counters[--bin]!;
  return { bin, above };
}

/** Hears of each block of values and where it lies; the last one is padded with zeros to a multiple of 4. */
function eachBlock(engine: Engine, values: Float32Array, block: (at: number, from: number, size: number) => void) {
  const home = values.buffer === engine.bytes.buffer;
  for (let from = 0; from < values.length; from += BLOCK) {
    const size = Math.min(BLOCK, values.length - from);
    if (home && size % 4 === 0) block(values.byteOffset + from * 4, from, size);
    else {
      engine.bytes.set(bytesAt(values, from, size), slot(0));
      engine.bytes.fill(0, slot(0) + size * 4, slot(0) + paddedTo(4, size) * 4);
      block(slot(0), from, size);
    }
  }
}

/** All whose magnitude bits are `least` at least, in order; null where they are more than `most`. */
function gather(
  engine: Engine,
  values: Float32Array,
  { least, most }: { least: number; most: number },
): Gathered | null {
  const places = new Uint32Array(most);
  const bits = new Uint32Array(most);
  let found = 0;
  let fits = true;
  eachBlock(engine, values, (at, from, size) => {
    if (!fits) return;
    const hits = engine.run.gather(PLACE.counters, FOUND, at, paddedTo(4, size), from, least);
    // In the bin of zero the padding counts too; it stands last.
    const real = least === 0 ? Math.min(hits, size) : hits;
    fits = found + real <= most;
    if (!fits) return;
    for (const [into, base] of [[places, PLACE.counters] as const, [bits, FOUND] as const]) {
      new Uint8Array(into.buffer, found * 4, real * 4).set(engine.bytes.subarray(base, base + real * 4));
    }
    found += real;
  });
  return fits ? { places: places.subarray(0, found), bits: bits.subarray(0, found) } : null;
}

/** Of what was gathered, the `kept` largest: all `above` the bin, and of the `inside` ones the largest, of equal ones the first. */
function cut(
  { places, bits }: Gathered,
  { kept, above, bin, inside }: { kept: number; above: number; bin: number; inside: number },
): LargestEntries {
  // Loops: `filter` and `map` take several times as long as the search.
  const inBin = new Uint32Array(inside);
  let noted = 0;
  for (let i = 0; i < bits.length; i++) if (sizeOf(bits[i]!) >>> 16 === bin) inBin[noted++] = sizeOf(bits[i]!);
  inBin.sort();
  const wanted = kept - above;
  const least = inBin[inBin.length - wanted]!;
  let ties = wanted;
  for (let i = inBin.length - 1; i >= 0 && inBin[i]! > least; i--) ties--;
  const chosen = new Uint32Array(kept);
  const found = new Uint32Array(kept);
  let at = 0;
  for (let i = 0; i < places.length; i++) {
    const size = sizeOf(bits[i]!);
    if (size < least || (size === least && ties-- <= 0)) continue;
    chosen[at] = places[i]!;
    found[at++] = bits[i]!;
  }
  return { places: chosen, values: new Float32Array(found.buffer) };
}
