import { z } from 'zod';
import { sha256 } from '../wire/digest.ts';
import { PROTOCOL_VERSION } from '../version.ts';

/** Where a coordinator hands out challenges: `GET` it before each connection. */
export const CHALLENGE_PATH = '/challenge';

/** A coordinator's answer to a stranger: it says nothing of the run. */
export const challengeSchema = z.object({
  /** Valid for `limits.challengeMs`, once. */
  nonce: z.string().regex(/^[\w-]{16,128}$/),
  /** The coordinator's public key: an invitation names it too. */
  coordinator: z.string().regex(/^[\w-]{43}$/),
});
export type Challenge = z.infer<typeof challengeSchema>;

/**
 * What a client signs to come in. The coordinator's key stands in it, so that a coordinator cannot use at another one what a client
 * signed for it; the token's hash, so that a stolen key and a stolen invitation cannot be combined.
 */
export const knockText = (knock: Challenge & { client: string; token?: string | undefined }): string =>
  [
    'trunkline knock',
    PROTOCOL_VERSION,
    knock.nonce,
    knock.coordinator,
    knock.client,
    knock.token === undefined ? '-' : sha256(knock.token),
  ].join('\n');
