import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { fail, handshake, limits, PROTOCOL_VERSION, type TrunklineError } from '../index.ts';
import { CHALLENGE_PATH, challengeSchema, knockText, readToken, type Challenge, type Identity } from '../seal/index.ts';
import { diallingOf, type Route } from './route.ts';

export interface Knocking {
  readonly url: string;
  readonly client: string;
  readonly token?: string | undefined;
  readonly identity: Identity;
  readonly route: Route;
}

/**
 * Asks the coordinator for a challenge and answers it.
 * @returns the headers of the handshake, good for one connection soon
 * @throws COORDINATOR_UNREACHABLE (another program answers), COORDINATOR_UNTRUSTED, COORDINATOR_NOT_INVITER: nothing that passes by itself. Any other error may
 */
export async function knock({ url, client, token, identity, route }: Knocking): Promise<Record<string, string>> {
  const { nonce, coordinator } = await challengeOf(url, route);
  const invitation = token === undefined ? null : readToken(token);
  if (invitation && invitation.coordinator !== coordinator) throw fail('COORDINATOR_NOT_INVITER', { url });
  return {
    [handshake.protocol]: String(PROTOCOL_VERSION),
    [handshake.client]: client,
    [handshake.key]: identity.key,
    [handshake.nonce]: nonce,
    [handshake.signature]: identity.sign(knockText({ nonce, coordinator, client, token })),
    ...(token === undefined ? {} : { [handshake.authorization]: `Bearer ${token}` }),
  };
}

/** The longest answer that is read: a challenge has some 150 bytes. */
const ANSWER_BYTES = 4_096;

async function challengeOf(url: string, route: Route): Promise<Challenge> {
  let answer: { status: number; text: string };
  try {
    answer = await get(new URL(CHALLENGE_PATH, url.replace(/^ws/, 'http')), route);
  } catch (thrown) {
    throw untrusted(url, thrown as NodeJS.ErrnoException) ?? thrown;
  }
  const { status, text } = answer;
  // What stands between may be up before the coordinator behind it is.
  if (status >= 500) throw new Error(`HTTP ${status}`);
  try {
    return challengeSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw fail('COORDINATOR_UNREACHABLE', { url, reason: `another program does (HTTP ${status}).` }, cause);
  }
}

function get(url: URL, route: Route): Promise<{ status: number; text: string }> {
  const ask = url.protocol === 'https:' ? requestSecure : requestPlain;
  const dialling = diallingOf(url.href, route);
  return new Promise((resolve, reject) => {
    // Node takes a connection that comes later, through the callback; its types know only one that is there at once.
    const way = (dialling.createConnection ? dialling : { ...dialling, agent: false }) as object;
    const request = ask(url, { ...way, timeout: limits.strangerMs }, (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text = (text + part).slice(0, ANSWER_BYTES)));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.once('error', reject);
    request.end();
  });
}

/** A certificate that does not hold does not become good by trying again. */
function untrusted(url: string, { code, message }: NodeJS.ErrnoException): TrunklineError | undefined {
  if (code === 'EPROTO')
    return fail('COORDINATOR_UNTRUSTED', {
      url,
      reason: 'what answers there does not speak TLS; a coordinator without it is at http://.',
    });
  const reasons: Record<string, string> = {
    DEPTH_ZERO_SELF_SIGNED_CERT: 'it vouches for itself.',
    SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known here.',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known here.',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known here.',
    CERT_HAS_EXPIRED: 'it has expired.',
    CERT_NOT_YET_VALID: 'it is not valid yet; look at the clock of this machine.',
    CERT_SIGNATURE_FAILURE: 'its signature is wrong.',
    ERR_TLS_CERT_ALTNAME_INVALID: `it was made for other names (${message.slice(0, 200)})`,
  };
  const reason = reasons[code ?? ''];
  return reason === undefined ? undefined : fail('COORDINATOR_UNTRUSTED', { url, reason });
}
