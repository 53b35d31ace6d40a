import { isLineBroken, TrunklineError } from '../index.ts';

/** What ends an answer under way and nothing else: its line broke, and the coordinator asks again, or the run went on without it. */
export const passesByItself = (thrown: unknown): boolean => isLineBroken(thrown) || isStale(thrown);

/** The run moved on, or went back, while this client was at it: what it made is not wanted any more. */
export const isStale = (thrown: unknown): boolean =>
  thrown instanceof TrunklineError && ['CONTRIBUTION_STALE', 'CONTRIBUTION_UNKNOWN'].includes(thrown.code);
