import { describe, expect, it } from 'vitest';
import { prefetch } from './prefetch.ts';

describe('prefetch', () => {
  it('begins the next round once this one is read, and reads each of a run once', async () => {
    const begun: number[] = [];
    const reader = prefetch(async (round) => {
      begun.push(round);
      return round * 10;
    }, 4);
    expect(await reader.take(0)).toBe(0);
    // Already begun: a step that never yields must not hold it up.
    expect(begun).toEqual([0, 1]);
    for (const round of [1, 2, 3]) expect(await reader.take(round)).toBe(round * 10);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('begins to read from memory once who took the round has done its work', async () => {
    const begun: number[] = [];
    const read = async (round: number) => void begun.push(round);
    const reader = prefetch(read, 4, { inMemory: true });
    await reader.take(0);
    expect(begun).toEqual([0]);
    await new Promise((turn) => setImmediate(turn));
    expect(begun).toEqual([0, 1]);
    // Before its turn has come: read once all the same.
    await reader.take(1);
    await reader.take(2);
    expect(begun.slice(0, 3)).toEqual([0, 1, 2]);
  });

  it('reads a round asked for out of turn, after a rewind for example', async () => {
    const reader = prefetch(async (round) => round, 10);
    const asked = [0, 1, 2, 1, 2, 7, 0];
    for (const round of asked) expect(await reader.take(round)).toBe(round);
  });

  it('fails where the round is taken that cannot be read, not before and not after', async () => {
    const reader = prefetch(async (round) => {
      if (round === 1) throw new Error('unreadable');
      return round;
    }, 3);
    expect(await reader.take(0)).toBe(0);
    await expect(reader.take(1)).rejects.toThrow('unreadable');
    expect(await reader.take(2)).toBe(2);
  });
});
