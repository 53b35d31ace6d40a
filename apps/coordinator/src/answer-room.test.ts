import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerRoom } from './answer-room.ts';

const CLIENTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const act = fc.record({
  what: fc.constantFrom('call', 'ready', 'answer', 'stale', 'leave', 'join'),
  who: fc.nat({ max: CLIENTS.length - 1 }),
});
const rules = fc.record({
  budget: fc.integer({ min: 1, max: 60 }),
  size: fc.integer({ min: 1, max: 4 }),
  bytes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: CLIENTS.length, maxLength: CLIENTS.length }),
});

interface Step {
  readonly taken: number;
  readonly closed: number;
  readonly may: ReadonlySet<string>;
}

/** Plays clients as the round machine does: a full buffer is emptied at once, and whoever answered is called again. */
function play(
  { budget, size, bytes }: { budget: number; size: number; bytes: number[] },
  acts: readonly { what: string; who: number }[],
  silent: ReadonlySet<string> = new Set(),
) {
  const largest = Math.max(...bytes);
  const room = answerRoom(budget, () => ({ size, largest }));
  const bytesOf = (client: string) => bytes[CLIENTS.indexOf(client)]!;
  const state = new Map<string, 'away' | 'called' | 'ready'>(CLIENTS.map((client) => [client, 'away']));
  let held = 0;
  let closed = 0;
  let most = 0;
  const note = () => (most = Math.max(most, room.taken));
  const call = (client: string) => {
    state.set(client, 'called');
    if (!room.has(client)) room.promise(client, bytesOf(client));
    note();
  };
  const answer = (client: string, stale = false) => {
    room.settle(client, stale ? 0 : bytesOf(client));
    if (!stale) held++;
    if (held >= size) {
      room.empty();
      held = 0;
      closed++;
    }
    room.next();
    call(client);
  };
  for (const { what, who } of acts) {
    const client = CLIENTS[who]!;
    const now = state.get(client)!;
    if (what === 'call' || what === 'join') {
      if (now === 'away') call(client);
    } else if (now === 'away' || silent.has(client)) continue;
    else if (what === 'ready') {
      state.set(client, 'ready');
      room.ready(client, bytesOf(client));
    } else if (what === 'leave') {
      room.release(client);
      room.next();
      state.set(client, 'away');
    } else if (now === 'ready' && room.has(client)) answer(client, what === 'stale');
    note();
  }
  const step = (): Step => ({ taken: room.taken, closed, may: new Set(CLIENTS.filter((one) => room.has(one))) });
  return { room, state, most, largest, step, answer, ready: (client: string) => room.ready(client, bytesOf(client)) };
}

describe('room for answers', () => {
  it('never gives out more than the budget, or than one buffer of the largest answers', () => {
    fc.assert(
      fc.property(rules, fc.array(act, { maxLength: 120 }), (given, acts) => {
        const { most, largest } = play(given, acts);
        expect(most).toBeLessThanOrEqual(Math.max(given.budget, given.size * largest));
      }),
      { numRuns: 2_000, seed: 6 },
    );
  });

  it('lets the trunk move whoever never answers: those who are ready find room for a whole buffer', () => {
    const property = fc.property(
      rules,
      fc.array(act, { maxLength: 80 }),
      fc.uniqueArray(fc.constantFrom(...CLIENTS), { maxLength: CLIENTS.length - 1 }),
      (given, acts, silent) => {
        const never = new Set(silent);
        const played = play(given, acts, never);
        const before = played.step().closed;
        const able = CLIENTS.filter((client) => !never.has(client) && played.state.get(client) !== 'away');
        fc.pre(able.length > 0);
        for (const client of able) played.ready(client);
        for (let turn = 0; turn < 4 * given.size * CLIENTS.length && played.step().closed === before; turn++) {
          const client = able.find((one) => played.room.has(one));
          if (client === undefined) break;
          played.answer(client);
          played.ready(client);
        }
        expect(played.step().closed).toBeGreaterThan(before);
      },
    );
    fc.assert(property, { numRuns: 2_000, seed: 7 });
  });

  it('lets those in first who waited longest', () => {
    const room = answerRoom(10, () => ({ size: 1, largest: 10 }));
    expect(room.ready('a', 10)).toBe(true);
    expect(room.ready('b', 10)).toBe(false);
    expect(room.ready('c', 1)).toBe(false);
    expect(room.waiting).toEqual(['b', 'c']);
    room.settle('a', 10);
    expect(room.next()).toEqual([]);
    room.empty();
    expect(room.next()).toEqual(['b']);
    room.release('b');
    expect(room.next()).toEqual(['c']);
  });

  it('gives credit at the call while answers of those who are ready would still find room', () => {
    const room = answerRoom(10, () => ({ size: 2, largest: 2 }));
    expect(['a', 'b', 'c', 'd'].map((client) => room.promise(client, 2))).toEqual([true, true, true, false]);
    expect(room.taken).toBe(6);
  });
});
