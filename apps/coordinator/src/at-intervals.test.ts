import { describe, expect, it } from 'vitest';
import { atIntervals } from './at-intervals.ts';

/** A timer that rings when it is told to. */
function byHand() {
  let ring: (() => void) | undefined;
  const set: number[] = [];
  const timers = {
    set(_name: string, ms: number, act: () => void) {
      set.push(ms);
      ring = act;
    },
    clear: () => undefined,
  };
  return { timers, set, ring: () => ring!() };
}

describe('what is asked for at intervals', () => {
  const counted = () => {
    const clock = byHand();
    let acts = 0;
    const told = atIntervals({ timers: clock.timers, name: 'x', intervalMs: () => 250 }, () => void acts++);
    return { ...clock, told, acts: () => acts };
  };

  it('is done at once the first time, and once for all that are asked for until the interval ends', () => {
    const { told, ring, acts, set } = counted();
    told.ask();
    expect(acts()).toBe(1);
    for (let i = 0; i < 1000; i++) told.ask();
    expect(acts()).toBe(1);
    ring();
    expect(acts()).toBe(2);
    expect(set).toEqual([250, 250]);
  });

  it('is done at once again after an interval in which nothing was asked', () => {
    const { told, ring, acts } = counted();
    told.ask();
    ring();
    told.ask();
    expect(acts()).toBe(2);
  });

  it('is not done at the end of an interval when it has settled by then', () => {
    const { told, ring, acts } = counted();
    told.ask();
    told.ask();
    told.settled();
    ring();
    expect(acts()).toBe(1);
  });
});
