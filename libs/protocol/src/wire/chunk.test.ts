import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { assemble, chunkCount, chunkOf, sendChunks } from './chunk.ts';

const K = limits.chunkBytes;
/** Bytes in which every place tells itself apart from its neighbours. */
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 9)) & 255);
const lengths = fc.oneof(fc.integer({ min: 1, max: 3 * K }), fc.constantFrom(1, K - 1, K, K + 1, 2 * K));

describe('assemble', () => {
  it('joins the chunks in any order, with repetitions, into the bytes that were sent', () => {
    const deliveries = lengths.chain((length) => {
      const all = [...Array(chunkCount(length)).keys()];
      const again = fc.array(fc.constantFrom(...all), { maxLength: 3 });
      return fc.record({
        length: fc.constant(length),
        order: again.chain((extra) =>
          fc.shuffledSubarray([...all, ...extra], { minLength: all.length + extra.length }),
        ),
      });
    });
    fc.assert(
      fc.property(deliveries, ({ length, order }) => {
        const sent = pattern(length);
        const assembly = assemble('t', length);
        const seen = new Set<number>();
        for (const index of order) {
          seen.add(index);
          expect(assembly.add(index, chunkOf(sent, index))).toBe(seen.size === chunkCount(length));
        }
        expect(assembly.complete).toBe(true);
        expect(assembly.missing()).toEqual([]);
        expect(Buffer.compare(assembly.bytes, sent)).toBe(0);
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it('says which chunks are missing, in order', () => {
    const assembly = assemble('t', 3 * K + 1);
    assembly.add(2, new Uint8Array(K));
    expect(assembly.missing()).toEqual([0, 1, 3]);
    expect(assembly.complete).toBe(false);
  });

  it('keeps the first bytes of a repeated chunk: a second, different one changes nothing', () => {
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

  it.each([-1, 2, 0.5, NaN, Infinity, 2 ** 40])('refuses chunk %d of two', (index) => {
    const assembly = assemble('t', K + 1);
    expect(() => assembly.add(index, new Uint8Array(K))).toThrow(
      expect.objectContaining({ code: 'CONTRIBUTION_UNKNOWN' }),
    );
  });

  it.each([
    ['a chunk too short', 0, K - 1],
    ['a chunk too long', 0, K + 1],
    ['a last chunk as long as the others', 1, K],
    ['an empty chunk', 1, 0],
  ])('refuses %s, and stays as it was', (_, index, length) => {
    const assembly = assemble('t', K + 1);
    expect(() => assembly.add(index, new Uint8Array(length).fill(7))).toThrow(
      expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }),
    );
    expect(assembly.missing()).toEqual([0, 1]);
    expect(assembly.bytes.every((byte) => byte === 0)).toBe(true);
  });
});

describe('sendChunks', () => {
  it('keeps at most four chunks unacknowledged and sends each once, in order', async () => {
    const bytes = pattern(9 * K + 5);
    const order: number[] = [];
    let open = 0;
    let most = 0;
    const received = assemble('t', bytes.byteLength);
    await sendChunks(bytes, async (index, chunk) => {
      order.push(index);
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      received.add(index, chunk);
      open--;
    });
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(limits.chunksInFlight);
    expect(Buffer.compare(received.bytes, bytes)).toBe(0);
  });

  it('sends a chunk only once credit for it is given', async () => {
    const granted: number[] = [];
    const send = async (index: number) => expect(granted).toContain(index);
    await sendChunks(new Uint8Array(3 * K), send, async (index) => {
      await new Promise(setImmediate);
      granted.push(index);
    });
    expect(granted).toEqual([0, 1, 2]);
  });

  it('ends with the first failure of a chunk', async () => {
    const send = (index: number) => (index === 2 ? Promise.reject(new Error('cut')) : Promise.resolve());
    await expect(sendChunks(new Uint8Array(9 * K), send)).rejects.toThrow('cut');
  });

  it('sends one empty chunk for no bytes, so that the other side hears of them', async () => {
    const sizes: number[] = [];
    await sendChunks(new Uint8Array(0), async (_, chunk) => void sizes.push(chunk.byteLength));
    expect(sizes).toEqual([0]);
  });
});
