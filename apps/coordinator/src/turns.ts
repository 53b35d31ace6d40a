/**
 * Work that takes a while, one piece a turn of the event loop and in the order in which it was given: between two pieces heartbeats are answered
 * and other clients are heard.
 */
export interface Turns {
  /** Resolves with what `work` gives, or rejects with what it throws. The next piece does not wait for a promise that it gives. */
  run<T>(work: () => T | Promise<T>): Promise<T>;
  /** Resolves once nothing waits for its turn. */
  idle(): Promise<void>;
}

/** @param soon calls what it is given in a later turn */
export function createTurns(soon: (then: () => void) => void): Turns {
  const queue: (() => void)[] = [];
  /** Who waits until nothing else does. */
  const idlers: (() => void)[] = [];
  let going = false;
  const next = () => {
    const begin = queue.shift();
    going = begin !== undefined;
    if (!begin) return idlers.splice(0).forEach((resolve) => resolve());
    begin();
    soon(next);
  };
  return {
    async run(work) {
      await new Promise<void>((resolve) => {
        queue.push(resolve);
        if (going) return;
        going = true;
        soon(next);
      });
      return work();
    },
    idle: () => (going ? new Promise((resolve) => idlers.push(resolve)) : Promise.resolve()),
  };
}
