import { z } from 'zod';
import { idField } from '../messages/fields.ts';
import { verifierOf, type Identity } from './identity.ts';

const claimsSchema = z.strictObject({
  /** Names the invitation in the coordinator's record. */
  id: z.string().regex(/^[\w-]{8,32}$/),
  client: idField,
  /** Milliseconds since 1970, UTC. */
  expires: z.number().int().nonnegative(),
  /** The coordinator's public key: whoever is invited knows whom to expect. */
  coordinator: z.string().regex(/^[\w-]{43}$/),
});
export type Invitation = z.infer<typeof claimsSchema>;

/** Longest token that is looked at. */
const LONGEST = 1_024;

const signedText = (body: string): string => `trunkline invitation\n${body}`;

/** An invitation as one word, signed with the coordinator's key: `body.signature`, both base64url. */
export function writeToken(identity: Identity, claims: Omit<Invitation, 'coordinator'>): string {
  const body = Buffer.from(JSON.stringify({ ...claims, coordinator: identity.key })).toString('base64url');
  return `${body}.${identity.sign(signedText(body))}`;
}

/** What a token says; null where it is none, or was not signed with the key that it names. */
export function readToken(token: string): Invitation | null {
  if (token.length > LONGEST) return null;
  const [body = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0) return null;
  let claims: Invitation;
  try {
    claims = claimsSchema.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
  } catch {
    return null;
  }
  return verifierOf(claims.coordinator)?.(signedText(body), signature) ? claims : null;
}
