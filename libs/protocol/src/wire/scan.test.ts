import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { pack, unpack } from './pack.ts';
import { scanPacked } from './scan.ts';

describe('scanPacked', () => {
  it('lets everything through that this side packs', () => {
    const plain = fc.jsonValue({ maxDepth: 6 }).filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(plain, (value) => {
        scanPacked(pack(value));
      }),
      { seed: 1, numRuns: 300 },
    );
    const numbers = [0, -1, 127, -33, 255, -129, 65_536, 2 ** 32, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER, 1e300, NaN];
    expect(unpack(pack(numbers))).toEqual(numbers);
    const texts = ['', 'x'.repeat(31), 'x'.repeat(200), 'é'.repeat(40_000)];
    expect(unpack(pack(texts))).toEqual(texts);
  });

  it('takes no bytes that the decoder then stumbles over, and none that hold more than they have', () => {
    const base = fc.jsonValue({ maxDepth: 3 }).map((value) => pack(value));
    const flipped = fc.tuple(base, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }));
    let taken = 0;
    fc.assert(
      fc.property(flipped, ([bytes, flips]) => {
        const changed = bytes.slice();
        for (const [at, value] of flips) changed[at % changed.length] = value;
        try {
          scanPacked(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        taken++;
        unpack(changed);
      }),
      { seed: 2, numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it('takes the deepest nesting and the most values that are allowed, and not one more', () => {
    const nested = (depth: number) => Uint8Array.from([...Array<number>(depth).fill(0x91), 0xc0]);
    expect(() => scanPacked(nested(limits.packDepth))).not.toThrow();
    expect(() => scanPacked(nested(limits.packDepth + 1))).toThrow('nesting deeper');
    const list = (count: number) => pack(Array(count).fill(0));
    expect(() => scanPacked(list(limits.packElements))).not.toThrow();
    expect(() => scanPacked(list(limits.packElements + 1))).toThrow('more than 65536 values');
  });
});
