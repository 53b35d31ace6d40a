import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBatches } from './batches.ts';

const settings = fc.record({
  seed: fc.nat(1000),
  stream: fc.string(),
  size: fc.integer({ min: 1, max: 40 }),
  batchSize: fc.integer({ min: 1, max: 60 }),
});
const property = <T>(arbitrary: fc.Arbitrary<T>, claim: (value: T) => void) =>
  fc.assert(fc.property(arbitrary, claim), { seed: 7, numRuns: 100 });

describe('batches', () => {
  it('draw every row of the training split once an epoch, across the borders of batches', () => {
    property(settings, (of) => {
      const rounds = Math.ceil((of.size * 4) / of.batchSize);
      const batches = createBatches(of);
      const drawn = Array.from({ length: rounds }, (_, round) => [...batches.rows(round)]).flat();
      for (let epoch = 0; epoch < 4; epoch++) {
        const rows = drawn.slice(epoch * of.size, (epoch + 1) * of.size);
        expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: of.size }, (_, row) => row));
      }
    });
  });

  it('are the same for a round alone as after all rounds before it, in any order', () => {
    property(fc.tuple(settings, fc.array(fc.nat(30), { minLength: 1, maxLength: 8 })), ([of, visited]) => {
      const played = createBatches(of);
      const inTurn = Array.from({ length: 31 }, (_, round) => played.rows(round));
      const jumping = createBatches(of);
      for (const round of visited) {
        expect(createBatches(of).rows(round)).toEqual(inTurn[round]);
        expect(jumping.rows(round)).toEqual(inTurn[round]);
      }
    });
  });

  it('differ between streams and between seeds, and agree for clients that name the same stream', () => {
    const of = { seed: 1, stream: 'a', size: 1000, batchSize: 32 };
    const first = (change: Partial<typeof of>) => [...createBatches({ ...of, ...change }).rows(0)];
    expect(first({})).toEqual(first({}));
    expect(first({ stream: 'b' })).not.toEqual(first({}));
    expect(first({ seed: 2 })).not.toEqual(first({}));
  });

  it('order every epoch anew', () => {
    const batches = createBatches({ seed: 1, stream: 'a', size: 50, batchSize: 50 });
    expect(batches.rows(1)).not.toEqual(batches.rows(0));
  });
});
