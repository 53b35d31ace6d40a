import type { Sink } from '../run-events.ts';

/** One sink that others hang on to and let go of while a run goes on. */
export interface Hub {
  readonly sink: Sink;
  /** Hears every event from now on; what came before lies in `events.jsonl` (`readEvents`). Returns how to stop hearing. */
  readonly follow: (hear: Sink) => () => void;
}

/** Hands every event to whoever follows, at once and in the order in which they came. A follower that throws is the run's own failure. */
export function createHub(): Hub {
  const followers = new Set<Sink>();
  return {
    sink: (event, at) => {
      for (const hear of followers) hear(event, at);
    },
    follow(hear) {
      // Wrapped, so that one function that follows twice hears twice and stops once.
      const mine: Sink = (event, at) => hear(event, at);
      followers.add(mine);
      return () => void followers.delete(mine);
    },
  };
}
