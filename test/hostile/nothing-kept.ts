import type { RunStates } from '@trunkline/client';

/** The state folder of a client that keeps nothing: it begins anew each time. */
export const nothingKept = (over: Partial<RunStates> = {}): RunStates => ({
  holds: () => [],
  newest: () => undefined,
  save: () => undefined,
  load: () => {
    throw new Error('nothing is kept');
  },
  forgetAfter: () => undefined,
  saveFinal: () => undefined,
  finish: () => undefined,
  outbox: { keep: () => undefined, newest: () => undefined, clear: () => undefined },
  ...over,
});
