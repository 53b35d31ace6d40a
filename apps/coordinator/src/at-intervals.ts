import type { Timers } from './timers.ts';

/**
 * Acts at the first call, and once more at the end of an interval in which there were others: what changes many times in a moment is not told as
 * often. An interval ends with nothing to tell once the change is `settled`.
 */
export interface AtIntervals {
  ask(): void;
  settled(): void;
}

/** @param intervalMs asked for anew before each interval */
export function atIntervals(
  { timers, name, intervalMs }: { readonly timers: Timers; readonly name: string; readonly intervalMs: () => number },
  act: () => void,
): AtIntervals {
  let [running, asked] = [false, false];
  const begin = () => {
    [running, asked] = [true, false];
    act();
    timers.set(name, intervalMs(), () => {
      running = false;
      if (asked) begin();
    });
  };
  return {
    ask() {
      if (running) asked = true;
      else begin();
    },
    settled: () => void (asked = false),
  };
}
