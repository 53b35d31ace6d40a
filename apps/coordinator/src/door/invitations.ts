import { fail } from '@trunkline/protocol';
import { openKeyFile, writeToken } from '@trunkline/protocol/seal';
import { doorFiles } from './door-files.ts';
import { openRoster } from './roster.ts';

interface Deps {
  readonly folder: string;
  readonly now: Date;
}

/**
 * Writes down an invitation and gives its token. The folder's run may be live, ended, or not begun. An earlier invitation of the same
 * client that nobody has used is withdrawn.
 * @param hours how long it can be used
 * @throws USAGE where the client is known already, KEY_BROKEN, ROSTER_BROKEN, STORAGE_FAILED
 */
export function invite(
  client: string,
  { folder, now, hours, random }: Deps & { hours: number; random: (bytes: number) => Uint8Array },
): { token: string; expires: Date } {
  const files = doorFiles(folder);
  const identity = openKeyFile(files.key, () => random(32));
  const roster = openRoster(files.roster);
  const known = roster.of(client);
  if (known?.key && !known.revoked)
    throw fail('USAGE', {
      what: `${client} is known in ${folder} already, and needs no invitation: it comes in with its key.`,
      remedy: `If its state folder is lost, first \`coordinator revoke ${client}\`.`,
    });
  const expires = new Date(now.getTime() + hours * 3_600_000);
  const claims = { id: Buffer.from(random(9)).toString('base64url'), client, expires: expires.getTime() };
  roster.append({ kind: 'invited', at: now.toISOString(), ...claims });
  return { token: writeToken(identity, claims), expires };
}

/**
 * Takes a client's key and invitations off the roster. A live coordinator ends its line within half a second.
 * @returns how many invitations were withdrawn, and whether a key was known
 * @throws USAGE where nobody of this name is known, ROSTER_BROKEN, STORAGE_FAILED
 */
export function revoke(client: string, { folder, now }: Deps): { known: boolean; withdrawn: number } {
  const roster = openRoster(doorFiles(folder).roster);
  const open = [...roster.invitations.values()].filter((one) => one.client === client && !one.spent);
  const known = roster.of(client)?.key != null;
  if (!known && open.length === 0) {
    const names = [
      ...new Set([...roster.clients.keys(), ...[...roster.invitations.values()].map((one) => one.client)]),
    ];
    throw fail('USAGE', {
      what: `Nobody named ${client} has joined or was invited in ${folder}.`,
      remedy: names.length > 0 ? `Known are: ${names.join(', ')}.` : 'Nobody has joined or was invited there yet.',
    });
  }
  roster.append({ kind: 'revoked', at: now.toISOString(), client });
  return { known, withdrawn: open.length };
}

const UNITS: Readonly<Record<string, number>> = { h: 1, d: 24, w: 168 };

/** Hours from `12h`, `7d` or `2w`; at most a year. @throws USAGE */
export function hoursOf(text: string): number {
  const [, count, unit] = /^(\d+)([hdw])$/.exec(text) ?? [];
  const hours = Number(count) * (UNITS[unit ?? ''] ?? NaN);
  if (hours >= 1 && hours <= 8_784) return hours;
  throw fail('USAGE', {
    what: `--expires ${text}: expected a time from 1h to 366d.`,
    remedy: 'Write for example --expires 12h, 7d or 2w.',
  });
}
