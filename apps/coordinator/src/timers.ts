import type { Clock } from '@trunkline/protocol';

/** Timers by name: one that is set anew takes the place of the one before. */
export interface Timers {
  set(name: string, ms: number, ring: () => void): void;
  clear(): void;
}

export function createTimers(clock: Clock): Timers {
  const cancels = new Map<string, () => void>();
  return {
    set(name, ms, ring) {
      cancels.get(name)?.();
      cancels.set(name, clock.after(ms, ring));
    },
    clear() {
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
    },
  };
}
