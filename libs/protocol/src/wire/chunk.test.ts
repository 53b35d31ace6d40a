import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { assemble, grainCount, grainsOf, sendChunks } from './chunk.ts';
import { createPace } from './pace.ts';

const G = limits.grainBytes;
/** Bytes in which every place tells itself apart from its neighbours. */
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 9)) & 255);
const lengths = fc.oneof(fc.integer({ min: 1, max: 9 * G }), fc.constantFrom(1, G - 1, G, G + 1, 2 * G));

describe('assemble', () => {
  it.each([
    ['memory of its own', (length: number) => new Uint8Array(length)],
    ['memory that threads share', (length: number) => new Uint8Array(new SharedArrayBuffer(length + 3), 3)],
  ])(
    'joins chunks of any size, in any order, with repetitions and overlaps, into the bytes that were sent: in %s',
    (_, make) => {
      const deliveries = lengths.chain((length) => {
        const count = grainCount(length);
        const piece = fc.record({ from: fc.nat(count - 1), grains: fc.integer({ min: 1, max: 4 }) });
        const whole = fc.shuffledSubarray([...Array(count).keys()], { minLength: count });
        return fc.record({ length: fc.constant(length), pieces: fc.array(piece, { maxLength: 4 }), rest: whole });
      });
      fc.assert(
        fc.property(deliveries, ({ length, pieces, rest }) => {
          const sent = pattern(length);
          const assembly = assemble('t', length, make(length));
          const seen = new Set<number>();
          for (const { from, grains } of [...pieces, ...rest.map((from) => ({ from, grains: 1 }))]) {
            const until = Math.min(grainCount(length), from + grains);
            for (let grain = from; grain < until; grain++) seen.add(grain);
            expect(assembly.add(from, grainsOf(sent, from, until))).toBe(seen.size === grainCount(length));
          }
          expect(assembly.complete).toBe(true);
          expect(assembly.missing()).toEqual([]);
          expect(Buffer.compare(assembly.bytes, sent)).toBe(0);
        }),
        { seed: 1, numRuns: 20 },
      );
    },
  );

  it('says which grains are missing, in order', () => {
    const assembly = assemble('t', 4 * G + 1);
    assembly.add(2, new Uint8Array(G));
    expect(assembly.missing()).toEqual([
      [0, 2],
      [3, 5],
    ]);
    expect(assembly.complete).toBe(false);
  });

  it('names no more gaps than an answer may hold; what is between the last ones is sent again', () => {
    const grains = limits.holes * 2 + 20;
    const assembly = assemble('t', grains * G, new Uint8Array(grains * G));
    for (let grain = 1; grain < grains; grain += 2) assembly.add(grain, new Uint8Array(G));
    const missing = assembly.missing();
    expect(missing).toHaveLength(limits.holes);
    expect(missing.at(-1)).toEqual([2 * limits.holes - 2, grains - 1]);
  });

  it('keeps the first bytes of a repeated grain: a second, different one changes nothing', () => {
    const assembly = assemble('t', 4);
    assembly.add(0, Uint8Array.of(1, 2, 3, 4));
    assembly.add(0, Uint8Array.of(9, 9, 9, 9));
    expect([...assembly.bytes]).toEqual([1, 2, 3, 4]);
  });

  it('writes into memory that it is given', () => {
    const into = new Uint8Array(4);
    assemble('t', 4, into).add(0, Uint8Array.of(1, 2, 3, 4));
    expect([...into]).toEqual([1, 2, 3, 4]);
  });

  it.each([-1, 2, 0.5, NaN, Infinity, 2 ** 40])('refuses grain %d of two', (index) => {
    const assembly = assemble('t', G + 1);
    expect(() => assembly.add(index, new Uint8Array(G))).toThrow(
      expect.objectContaining({ code: 'CONTRIBUTION_UNKNOWN' }),
    );
  });

  it.each([
    ['a chunk that ends inside a grain', 0, G - 1],
    ['a chunk past the end', 0, 2 * G],
    ['a last grain as long as the others', 1, G],
    ['an empty chunk', 0, 0],
  ])('refuses %s, and stays as it was', (_, index, length) => {
    const assembly = assemble('t', G + 1);
    expect(() => assembly.add(index, new Uint8Array(length).fill(7))).toThrow(
      expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }),
    );
    expect(assembly.missing()).toEqual([[0, 2]]);
    expect(assembly.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('refuses a chunk over the limit, though it would fit', () => {
    const length = 2 * limits.chunkBytes;
    expect(() => assemble('t', length).add(0, new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }),
    );
  });
});

describe('sendChunks', () => {
  it('sends every grain once, in order, in chunks that grow to their limit, at most four of which are unacknowledged', async () => {
    const bytes = pattern(9 * limits.chunkBytes + 5);
    const received = assemble('t', bytes.byteLength);
    let next = 0;
    let open = 0;
    let most = 0;
    let largest = 0;
    await sendChunks(bytes, async (index, chunk) => {
      expect(index).toBe(next);
      next += grainCount(chunk.byteLength);
      open += chunk.byteLength;
      most = Math.max(most, open);
      largest = Math.max(largest, chunk.byteLength);
      await new Promise(setImmediate);
      received.add(index, chunk);
      open -= chunk.byteLength;
    });
    expect(largest).toBe(limits.chunkBytes);
    expect(most).toBeLessThanOrEqual(limits.chunksInFlight * limits.chunkBytes);
    expect(Buffer.compare(received.bytes, bytes)).toBe(0);
  });

  it('sends only what is missing', async () => {
    const sent: [number, number][] = [];
    const missing: [number, number][] = [
      [1, 2],
      [4, 5],
    ];
    await sendChunks(new Uint8Array(4 * G + 1), async (index, chunk) => void sent.push([index, chunk.byteLength]), {
      missing,
    });
    expect(sent).toEqual([
      [1, G],
      [4, 1],
    ]);
    await sendChunks(new Uint8Array(G), () => Promise.reject(new Error('nothing is missing')), { missing: [] });
  });

  it('ends with the first failure of a chunk, whoever else waits for the same line', async () => {
    const pace = createPace();
    const send = (index: number) => (index >= 2 ? Promise.reject(new Error('cut')) : Promise.resolve());
    const both = [1, 2].map(() => sendChunks(new Uint8Array(99 * G), send, { pace }));
    for (const one of await Promise.allSettled(both))
      expect(one).toMatchObject({ status: 'rejected', reason: new Error('cut') });
  });

  it('sends one empty chunk for no bytes, so that the other side hears of them', async () => {
    const sizes: number[] = [];
    await sendChunks(new Uint8Array(0), async (_, chunk) => void sizes.push(chunk.byteLength));
    expect(sizes).toEqual([0]);
  });
});
