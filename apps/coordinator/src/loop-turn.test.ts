import { describe, expect, it } from 'vitest';
import { heldReader } from './held-reader.ts';
import { createLoopTurn } from './loop-turn.ts';

/** A clock and an event loop that a test turns by hand. */
function loop() {
  let now = 0;
  const due: (() => void)[] = [];
  return {
    clock: { now: () => now, soon: (then: () => void) => void due.push(then) },
    pass: (ms: number) => void (now += ms),
    turn: () => due.splice(0).forEach((then) => then()),
    get due() {
      return due.length;
    },
  };
}

describe('a turn of the event loop', () => {
  it('is used up by bytes or by time, whichever comes first, and the next one is whole again', () => {
    const { clock, pass, turn } = loop();
    const lines = createLoopTurn({ ms: 10, bytes: 100 }, clock);
    expect(lines.spent).toBe(false);
    lines.carried(100);
    expect(lines.spent).toBe(false);
    lines.carried(1);
    expect(lines.spent).toBe(true);
    turn();
    expect(lines.spent).toBe(false);
    lines.carried(1);
    pass(11);
    expect(lines.spent).toBe(true);
    turn();
    // Time in which nothing is carried belongs to no turn.
    pass(1_000);
    expect(lines.spent).toBe(false);
  });

  it('lets everyone go on in the order of asking, and whoever asks again waits for another one', () => {
    const { clock, turn } = loop();
    const lines = createLoopTurn({ ms: 10, bytes: 100 }, clock);
    const done: string[] = [];
    const send = (name: string) => {
      if (lines.spent) return lines.later(() => send(name));
      lines.carried(101);
      done.push(name);
    };
    for (const name of ['a', 'b', 'c']) send(name);
    expect(done).toEqual(['a']);
    turn();
    expect(done).toEqual(['a', 'b']);
    turn();
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('asks for nothing while nothing is carried', () => {
    const { clock, turn, ...state } = loop();
    createLoopTurn({ ms: 10, bytes: 100 }, clock).carried(5);
    turn();
    expect(state.due).toBe(0);
  });
});

it('a line that several hold up is read again when the last of them lets go, whoever says so twice', () => {
  const calls: string[] = [];
  const reader = heldReader({ pause: () => void calls.push('pause'), resume: () => void calls.push('resume') });
  const [first, second] = [reader.hold(), reader.hold()];
  first();
  first();
  expect(calls).toEqual(['pause']);
  second();
  expect(calls).toEqual(['pause', 'resume']);
});
