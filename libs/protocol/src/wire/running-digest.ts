import { createHash, type Hash } from 'node:crypto';
import type { Assembly } from './chunk.ts';

/**
 * SHA-256 of a transfer, taken while it arrives: each call of `advance` hashes what has come in without a gap since the one before. The last chunk of a
 * large vector then waits for its own bytes to be hashed and not for all of them, and no turn of the event loop is spent on the whole.
 */
export interface RunningDigest {
  /** Some of it has arrived. */
  advance(): void;
  /** In hex; of a transfer that is complete, and once. */
  hex(): string;
}

/** What has arrived of `assembly` is never overwritten: what was hashed is what it holds. */
export function runningDigest(assembly: Pick<Assembly, 'bytes' | 'unbroken'>): RunningDigest {
  // Of the many transfers of one chunk none needs it before its end.
  let hash: Hash | undefined;
  let hashed = 0;
  const advance = () => {
    const until = assembly.unbroken;
    if (until === hashed) return;
    (hash ??= createHash('sha256')).update(assembly.bytes.subarray(hashed, until));
    hashed = until;
  };
  return {
    advance,
    hex() {
      advance();
      return (hash ?? createHash('sha256')).digest('hex');
    },
  };
}
