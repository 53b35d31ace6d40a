import { createHmac, timingSafeEqual } from 'node:crypto';
import { limits, type Clock } from '@trunkline/protocol';

/** Challenges to strangers. Nothing is kept of one that nobody answers: its own code says that it was handed out here, and when. */
export interface Challenges {
  issue(): string;
  /** Whether it was handed out here, is young enough and was not spent. */
  fresh(nonce: string): boolean;
  /** Spends it; false when too many were spent within the last moments to remember one more. */
  spend(nonce: string): boolean;
}

/** Bytes: time, chance, code. */
const [TIME, CHANCE, CODE] = [8, 16, 16];

/** @param random that many random bytes; the first 32 are the secret of the codes, which ends with the process */
export function createChallenges(deps: { clock: Clock; random: (bytes: number) => Uint8Array }): Challenges {
  const { clock, random } = deps;
  const secret = random(32);
  const codeOf = (body: Uint8Array) => createHmac('sha256', secret).update(body).digest().subarray(0, CODE);
  /** In the order in which they were spent. */
  const spent = new Map<string, number>();

  const forget = (now: number) => {
    for (const [nonce, at] of spent) {
      if (now - at <= limits.challengeMs) return;
      spent.delete(nonce);
    }
  };
  return {
    issue() {
      const body = Buffer.alloc(TIME + CHANCE);
      body.writeDoubleBE(clock.now());
      body.set(random(CHANCE), TIME);
      return Buffer.concat([body, codeOf(body)]).toString('base64url');
    },
    fresh(nonce) {
      const bytes = Buffer.from(nonce, 'base64url');
      // The same bytes have several spellings in base64url; only one of them is a challenge.
      if (bytes.byteLength !== TIME + CHANCE + CODE || bytes.toString('base64url') !== nonce) return false;
      const body = bytes.subarray(0, TIME + CHANCE);
      if (!timingSafeEqual(codeOf(body), bytes.subarray(TIME + CHANCE))) return false;
      const age = clock.now() - body.readDoubleBE();
      return age >= 0 && age <= limits.challengeMs && !spent.has(nonce);
    },
    spend(nonce) {
      const now = clock.now();
      forget(now);
      if (spent.size >= limits.challengesHeld) return false;
      spent.set(nonce, now);
      return true;
    },
  };
}
