import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packPlaces, placesBytes, unpackPlaces } from './places.ts';

/** Ascending places below a length, at least one. */
const sparse = fc
  .integer({ min: 1, max: 3_000 })
  .chain((length) => fc.tuple(fc.constant(length), fc.subarray([...Array(length).keys()], { minLength: 1 })));

describe('places below a length', () => {
  it('come back as they were, in as many bytes as count and length say', () => {
    fc.assert(
      fc.property(sparse, ([length, places]) => {
        const bytes = new Uint8Array(placesBytes(places.length, length));
        packPlaces(Uint32Array.from(places), length, bytes);
        expect(unpackPlaces(bytes, places.length, length)).toEqual(Uint32Array.from(places));
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('of one in a hundred take 9 bits each', () => {
    expect((placesBytes(100_000, 10_000_000) * 8) / 100_000).toBeLessThan(9);
  });

  it('are refused or mean other places where a bit is changed, and never lie outside, follow each other wrongly or repeat', () => {
    fc.assert(
      fc.property(sparse, fc.nat(), ([length, places], flip) => {
        const bytes = new Uint8Array(placesBytes(places.length, length));
        packPlaces(Uint32Array.from(places), length, bytes);
        const bit = flip % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        const read = unpackPlaces(bytes, places.length, length);
        if (typeof read === 'string') return;
        expect([...read]).not.toEqual(places);
        expect(read.every((place, i) => place < length && (i === 0 || place > read[i - 1]!))).toBe(true);
      }),
      { seed: 2, numRuns: 100 },
    );
  });
});
