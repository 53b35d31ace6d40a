import { timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { fail, sha256 } from '@trunkline/protocol';

/** Who may look at a run over HTTP. */
export interface Lookers {
  /** The token to be shown; null on loopback, where none is needed. It belongs into no log. */
  readonly token: string | null;
  /**
   * Whether this request may see anything of the run: with the token as `Authorization: Bearer` or `?token=`. On loopback without one,
   * but only under a name of this machine: a page of another site cannot look through a browser here by a name that it controls.
   */
  readonly allows: (request: IncomingMessage) => boolean;
  /** What whoever is not allowed is told to do. */
  readonly remedy: string;
}

const TOKEN = 'The token of this run is needed: it stands in admission/dashboard.token of the run folder.';
const OWN_NAME = 'Open it under a name of this machine, as http://127.0.0.1 with its port.';

/**
 * The token lies in the run folder, readable by its owner alone, and stays the same for as long as the folder.
 * @param random that many random bytes @throws STORAGE_FAILED
 */
export function openLookers(
  folder: string,
  { loopback, random }: { loopback: boolean; random: (bytes: number) => Uint8Array },
): Lookers {
  if (loopback) return { token: null, remedy: OWN_NAME, allows: ({ headers }) => isOwnName(headers.host ?? '') };
  const file = join(folder, 'admission', 'dashboard.token');
  const token = existsSync(file) ? readFileSync(file, 'utf8').trim() : makeToken(file, random);
  const expected = Buffer.from(sha256(token));
  const same = (shown: string) => timingSafeEqual(Buffer.from(sha256(shown)), expected);
  return {
    token,
    remedy: TOKEN,
    allows({ headers, url }) {
      const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
      const query = new URLSearchParams(url?.split('?')[1] ?? '').get('token');
      const shown = bearer ?? query;
      return shown !== null && same(shown);
    },
  };
}

const isOwnName = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host);

function makeToken(file: string, random: (bytes: number) => Uint8Array): string {
  const token = Buffer.from(random(24)).toString('base64url');
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${token}\n`, { mode: 0o600, flush: true });
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
  }
  return token;
}
