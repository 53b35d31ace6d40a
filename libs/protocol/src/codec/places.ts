/**
 * Ascending places below `length` in about 2 + log₂(length / count) bits each: the lower bits of each place as they are, the upper ones in
 * unary, so that count and length alone say how many bytes it takes (Elias, JACM 1974; Fano, 1971). First all lower bits, then all upper ones, each
 * part beginning on a byte, lowest bit first.
 */
const lowerBits = (count: number, length: number): number => Math.max(0, Math.floor(Math.log2(length / count)));
const upperBits = (count: number, length: number): number =>
  count + Math.floor((length - 1) / 2 ** lowerBits(count, length));

/** Bytes of `count` places below `length`; 0 < count ≤ length ≤ 2³¹. */
export const placesBytes = (count: number, length: number): number =>
  Math.ceil((count * lowerBits(count, length)) / 8) + Math.ceil(upperBits(count, length) / 8);

/** Writes ascending places into `into`, which has `placesBytes` bytes, all zero. */
export function packPlaces(places: Uint32Array, length: number, into: Uint8Array): void {
  const lower = lowerBits(places.length, length);
  const upperAt = Math.ceil((places.length * lower) / 8) * 8;
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    for (let bit = 0; bit < lower; bit++) if ((place >>> bit) & 1) set(into, i * lower + bit);
    set(into, upperAt + (place >>> lower) + i);
  }
}

/** Reads `count` places; a text says what is wrong where they are not places below `length`, each once, in the one way to write them. */
export function unpackPlaces(bytes: Uint8Array, count: number, length: number): Uint32Array | string {
  const lower = lowerBits(count, length);
  const lowerEnd = count * lower;
  const upperAt = Math.ceil(lowerEnd / 8) * 8;
  const places = new Uint32Array(count);
  let found = 0;
  let before = -1;
  for (let bit = lowerEnd; bit < upperAt; bit++) if (isSet(bytes, bit)) return 'bits are set behind the lower parts';
  for (let bit = upperAt; bit < bytes.length * 8; bit++) {
    if (!isSet(bytes, bit)) continue;
    if (found === count) return `there are more than ${count} places`;
    let place = (bit - upperAt - found) << lower;
    for (let low = 0; low < lower; low++) place |= Number(isSet(bytes, found * lower + low)) << low;
    if (place <= before) return `place ${place} follows ${before}`;
    if (place >= length) return `place ${place} is not below ${length}`;
    places[found++] = place;
    before = place;
  }
  return found === count ? places : `there are ${found} places where ${count} were due`;
}

const set = (bytes: Uint8Array, bit: number): void => void (bytes[bit >> 3]! |= 1 << (bit & 7));
const isSet = (bytes: Uint8Array, bit: number): boolean => ((bytes[bit >> 3]! >> (bit & 7)) & 1) === 1;
