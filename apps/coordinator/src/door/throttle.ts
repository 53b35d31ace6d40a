import type { Clock } from '@trunkline/protocol';

/** Lets `BURST` through at once and `PER_SECOND` after that; what it holds back is counted and said. */
export interface Throttle {
  /** Whether this one goes through. */
  take(): boolean;
  /** Says what was held back since, and ends. */
  close(): void;
}

const [BURST, PER_SECOND] = [100, 5];
const SAY_MS = 10_000;

export function createThrottle({ clock, leftOut }: { clock: Clock; leftOut: (count: number) => void }): Throttle {
  let held = 0;
  let tokens: number = BURST;
  let at = clock.now();
  let cancel: (() => void) | undefined;
  const say = () => {
    cancel = undefined;
    if (held > 0) leftOut(held);
    held = 0;
  };
  return {
    take() {
      const now = clock.now();
      tokens = Math.min(BURST, tokens + ((now - at) / 1000) * PER_SECOND);
      at = now;
      if (tokens >= 1) {
        tokens--;
        return true;
      }
      held++;
      cancel ??= clock.after(SAY_MS, say);
      return false;
    },
    close() {
      cancel?.();
      say();
    },
  };
}
