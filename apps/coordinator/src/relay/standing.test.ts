import { describe, expect, it } from 'vitest';
import { afterAnswer, afterRewind, inPlace, standingOf, type Placed } from './standing.ts';

const at = (round: number, holds: number[], attempt = 0): Placed => ({ stands: { round, attempt }, holds });
const NEW: Placed = { stands: undefined, holds: [] };

describe('a relay says of its clients', () => {
  it('nothing, while all of their heads are new', () => {
    expect(standingOf([NEW, NEW])).toEqual({ holds: [] });
  });

  it('the earliest round that one stands at, and what all hold', () => {
    expect(standingOf([at(13, [0, 10]), at(12, [0, 10])])).toEqual({
      stands: { round: 12, attempt: 0 },
      holds: [0, 10],
    });
    expect(standingOf([at(31, [10, 20, 30]), at(20, [0, 10, 20])])).toEqual({
      stands: { round: 20, attempt: 0 },
      holds: [10, 20],
    });
  });

  it('nothing of one that has lost its state: it has nothing to go back to', () => {
    expect(standingOf([at(13, [0, 10]), NEW])).toEqual({ stands: { round: 13, attempt: 0 }, holds: [0, 10] });
  });

  it('the earliest attempt, with no round that was reached in a later one only', () => {
    expect(standingOf([at(45, [20, 40], 2), at(21, [20], 1)])).toEqual({
      stands: { round: 21, attempt: 1 },
      holds: [20],
    });
    expect(standingOf([at(45, [20, 40], 2), at(21, [], 1)])).toEqual({
      stands: { round: 21, attempt: 1 },
      holds: [20],
    });
  });
});

describe('a client’s place', () => {
  it('moves on with each answer, and holds what it saved before a checkpoint round', () => {
    const after = afterAnswer(at(10, [0]), { round: 10, attempt: 1, checkpoint: true });
    expect(after).toEqual({ stands: { round: 11, attempt: 1 }, holds: [0, 10] });
    expect(afterAnswer(after, { round: 11, attempt: 1, checkpoint: false }).holds).toEqual([0, 10]);
  });

  it('goes back with the others, and is anew where it does not hold that round', () => {
    expect(afterRewind(at(33, [10, 20, 30]), { round: 20, attempt: 1 })).toEqual(at(20, [10, 20], 1));
    expect(afterRewind(at(33, [30]), { round: 20, attempt: 1 })).toEqual(at(20, [], 1));
  });

  it('is right where it owes the open round or has just answered it, in this attempt', () => {
    const open = { round: 12, attempt: 1, training: true, answered: false };
    const right = (round: number, attempt: number, where: Partial<typeof open> = {}) =>
      inPlace({ round, attempt }, { ...open, ...where });
    expect([right(12, 1), right(13, 1), right(13, 1, { answered: true })]).toEqual([true, true, true]);
    // From its saved state it would step a second time.
    expect([right(12, 1, { answered: true }), right(10, 1), right(12, 0), right(14, 1)]).toEqual([
      ...[false, false, false, false],
    ]);
    expect([right(12, 1, { training: false }), right(13, 1, { training: false })]).toEqual([true, false]);
  });
});
