import type { TrunklineError } from '@trunkline/protocol';

/** For tests: what is thrown. @throws where nothing is */
export function refusal(act: () => unknown): TrunklineError {
  try {
    act();
  } catch (error) {
    return error as TrunklineError;
  }
  throw new Error('nothing was refused');
}
