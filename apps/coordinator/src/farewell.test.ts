import { describe, expect, it } from 'vitest';
import type { Clock } from '@trunkline/protocol';
import { createFarewell } from './farewell.ts';
import type { Members } from './members.ts';

/** A clock whose timers are counted and never ring. */
function stillClock() {
  const timers = new Set<() => void>();
  const after = (_ms: number, act: () => void) => {
    timers.add(act);
    return () => void timers.delete(act);
  };
  return { timers, clock: { after } as unknown as Clock };
}

const membersOf = (send: (client: string) => Promise<unknown>): Members => {
  const all = ['ann', 'ben'].map((client) => [client, { client, connection: { send: () => send(client) } }] as const);
  return { all: new Map(all) } as unknown as Members;
};
const END = { run: 'small', rounds: 4, sha256: 'a'.repeat(64) };

describe('a farewell', () => {
  it('leaves no timer behind once all have heard it: the process may end at once', async () => {
    const { clock, timers } = stillClock();
    await createFarewell(
      membersOf(async () => undefined),
      clock,
    ).tell(END);
    expect(timers.size).toBe(0);
  });

  it('waits, within a bound, for one whose line broke, and tells it when it is back', async () => {
    const { clock, timers } = stillClock();
    let broken = true;
    const members = membersOf(async (client) => {
      if (client === 'ben' && broken) throw new Error('connection lost');
    });
    const farewell = createFarewell(members, clock);
    let over = false;
    const told = farewell.tell(END).then(() => (over = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([over, timers.size]).toEqual([false, 1]);
    broken = false;
    farewell.back(members.all.get('ben')!);
    await told;
    expect(timers.size).toBe(0);
  });
});
