import { fail, PROTOCOL_VERSION, type Clock, type handshake } from '@trunkline/protocol';
import { fingerprint, knockText, readToken, verifierOf, type Verifier } from '@trunkline/protocol/seal';
import type { Challenges } from './challenges.ts';
import type { Roster } from './roster.ts';

/** What a stranger shows before anything is allocated for it: headers of one HTTP request. */
export type Knock = Readonly<Record<keyof typeof handshake, string | undefined>> & { readonly address: string };

/** Who came in. */
export interface Admitted {
  readonly client: string;
  readonly key: string;
  readonly verify: Verifier;
  /** Its key was written down just now, for the first time; with this invitation, if it needed one. */
  readonly pinned: { readonly invitation: string | null } | null;
}

export interface AdmissionDeps {
  /** The coordinator's public key, as challenges and invitations name it. */
  readonly key: string;
  readonly roster: Roster;
  readonly challenges: Challenges;
  readonly clock: Clock;
  /** Nobody comes in for the first time without an invitation. */
  readonly invitations: boolean;
  readonly connected: (client: string) => boolean;
}

const UNKNOWN = 'neither its key nor an invitation of it is known here.';

/**
 * Decides who comes in, from the headers of the handshake alone. A stranger learns from the answer only that it is none of those who are
 * known: names, keys and invitations are spoken of to their owners.
 * @throws PROTOCOL_VERSION, ADMISSION_REFUSED, CHALLENGE_STALE, COORDINATOR_BUSY, CLIENT_KEY_DIFFERS, CLIENT_REVOKED, INVITATION_EXPIRED, INVITATION_USED, CLIENT_DUPLICATE
 */
export function admit(knock: Knock, deps: AdmissionDeps): Admitted {
  const { client, key, verify, token } = proven(knock, deps);
  deps.roster.refresh();
  const welcome = judge({ client, key, token }, deps);
  if (deps.connected(client)) throw fail('CLIENT_DUPLICATE', { client });
  if (!deps.challenges.spend(knock.nonce!)) throw fail('COORDINATOR_BUSY', {});
  if (welcome.known) return { client, key, verify, pinned: null };
  const { invitation } = welcome;
  deps.roster.append({ kind: 'pinned', at: deps.clock.date().toISOString(), client, key, invitation });
  return { client, key, verify, pinned: { invitation } };
}

/** The handshake is well-formed, fresh, and signed by the key that it shows. */
function proven(knock: Knock, { key: coordinator, challenges }: AdmissionDeps) {
  const { protocol, client, key, nonce, signature, authorization } = knock;
  if (protocol !== String(PROTOCOL_VERSION))
    throw fail('PROTOCOL_VERSION', { found: protocol?.slice(0, 16) ?? 'nothing', expected: PROTOCOL_VERSION });
  if (!client || client.length > 64 || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(client))
    throw fail('ADMISSION_REFUSED', { reason: 'it gave no valid client name.' });
  if (!key || !nonce || !signature) throw fail('ADMISSION_REFUSED', { reason: 'it showed no key.' });
  if (!challenges.fresh(nonce)) throw fail('CHALLENGE_STALE', {});
  const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
  const verify = verifierOf(key);
  if (!verify?.(knockText({ nonce, coordinator, client, token }), signature))
    throw fail('ADMISSION_REFUSED', { reason: 'its handshake is not signed with the key that it shows.' });
  return { client, key, verify, token };
}

type Welcome = { readonly known: true } | { readonly known: false; readonly invitation: string | null };

function judge(
  { client, key, token }: { client: string; key: string; token: string | undefined },
  { roster, invitations, clock, key: coordinator }: AdmissionDeps,
): Welcome {
  const before = roster.of(client);
  if (before?.key === key && !before.revoked) return { known: true };
  const claims = token === undefined ? null : readToken(token);
  const invited =
    claims?.client === client && claims.coordinator === coordinator ? roster.invitations.get(claims.id) : undefined;
  if (claims && invited && !invited.spent) {
    if (invited.expires <= clock.date().getTime())
      throw fail('INVITATION_EXPIRED', { client, at: new Date(invited.expires).toISOString() });
    if (before?.key && !before.revoked) throw differs(client, before.key, key);
    return { known: false, invitation: claims.id };
  }
  if (before?.revoked && before.key === key) throw fail('CLIENT_REVOKED', { client });
  if (invited) throw fail('INVITATION_USED', { client });
  if (token !== undefined || invitations || roster.invites) throw fail('ADMISSION_REFUSED', { reason: UNKNOWN });
  // Where anyone may come in, a name belongs to the first key that came with it.
  if (before?.revoked) throw fail('CLIENT_REVOKED', { client });
  if (before?.key) throw differs(client, before.key, key);
  return { known: false, invitation: null };
}

const differs = (client: string, expected: string, found: string) =>
  fail('CLIENT_KEY_DIFFERS', { client, expected: fingerprint(expected), found: fingerprint(found) });
