import fc from 'fast-check';
import { expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { assemble, grainCount, grainsOf } from './chunk.ts';
import { sha256 } from './digest.ts';
import { runningDigest } from './running-digest.ts';

const G = limits.grainBytes;
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 9)) & 255);

it('is the digest of the whole, in whatever order and how often its parts arrive', () => {
  const deliveries = fc.integer({ min: 1, max: 9 * G }).chain((length) => {
    const all = [...Array(grainCount(length)).keys()];
    const again = fc.array(fc.constantFrom(...all), { maxLength: 3 });
    return fc.record({ length: fc.constant(length), again, rest: fc.shuffledSubarray(all, { minLength: all.length }) });
  });
  fc.assert(
    fc.property(deliveries, ({ length, again, rest }) => {
      const sent = pattern(length);
      const assembly = assemble('t', length);
      const digest = runningDigest(assembly);
      for (const grain of [...again, ...rest]) {
        assembly.add(grain, grainsOf(sent, grain, grain + 1));
        digest.advance();
      }
      expect(digest.hex()).toBe(sha256(sent));
    }),
    { seed: 1, numRuns: 20 },
  );
});

it('reads memory that is used again only where the new transfer has arrived', () => {
  const into = pattern(2 * G).map((byte) => byte ^ 255);
  const assembly = assemble('t', 2 * G, into);
  const digest = runningDigest(assembly);
  digest.advance();
  const sent = pattern(2 * G);
  assembly.add(1, grainsOf(sent, 1, 2));
  digest.advance();
  assembly.add(0, grainsOf(sent, 0, 1));
  expect(digest.hex()).toBe(sha256(sent));
});
