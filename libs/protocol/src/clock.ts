/** Time as an argument: tests hand in their own. */
export interface Clock {
  /** Milliseconds that only grow, for durations. */
  now(): number;
  /** Wall clock, for what people read. */
  date(): Date;
  /** Calls `ring` after `ms`; returns how to cancel. */
  after(ms: number, ring: () => void): () => void;
  /** Calls `then` in a later turn: what is being answered now goes out first. */
  soon(then: () => void): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(ms, ring) {
    const timer = setTimeout(ring, ms);
    return () => clearTimeout(timer);
  },
  soon: (then) => void setImmediate(then),
};
