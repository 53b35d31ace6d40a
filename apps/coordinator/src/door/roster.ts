import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { fail, idField } from '@trunkline/protocol';

const at = z.iso.datetime();
const keyField = z.string().regex(/^[\w-]{43}$/);
const entrySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('invited'), at, id: z.string(), client: idField, expires: z.number() }),
  /** The client's key, from its first connection on; the invitation that it used, if it needed one. */
  z.strictObject({ kind: z.literal('pinned'), at, client: idField, key: keyField, invitation: z.string().nullable() }),
  z.strictObject({ kind: z.literal('revoked'), at, client: idField }),
]);
export type RosterEntry = z.infer<typeof entrySchema>;

/** What is known of one name. */
export interface Known {
  readonly key: string | null;
  readonly revoked: boolean;
}

export interface HeldInvitation {
  readonly client: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** Used, or withdrawn by a revocation. */
  readonly spent: boolean;
}

/**
 * Who may come in: an append-only file of one JSON line an entry. Commands and a live coordinator append to it and read what the others
 * appended; what it says is the fold of its lines in their order.
 */
export interface Roster {
  /** Reads what was appended since. @throws ROSTER_BROKEN */
  refresh(): void;
  /** Whether anybody was ever invited: from then on whoever is not invited stays outside. */
  readonly invites: boolean;
  of(client: string): Known | undefined;
  readonly clients: ReadonlyMap<string, Known>;
  readonly invitations: ReadonlyMap<string, HeldInvitation>;
  /** On disk when it returns. @throws STORAGE_FAILED, ROSTER_BROKEN */
  append(entry: RosterEntry): void;
}

/** Ends the rest of a line that a crash cut off, so that it can never be taken for an entry. */
const TORN = '#torn';

/** @param heard hears of each entry that comes after those that are there already @throws ROSTER_BROKEN */
export function openRoster(file: string, heard?: (entry: RosterEntry) => void): Roster {
  const clients = new Map<string, Known>();
  const invitations = new Map<string, HeldInvitation>();
  let offset = 0;
  let line = 0;
  let opened = false;

  const take = (entry: RosterEntry) => {
    switch (entry.kind) {
      case 'invited':
        withdraw(entry.client);
        return void invitations.set(entry.id, { client: entry.client, expires: entry.expires, spent: false });
      case 'pinned':
        if (entry.invitation !== null) spend(entry.invitation);
        return void clients.set(entry.client, { key: entry.key, revoked: false });
      case 'revoked':
        withdraw(entry.client);
        return void clients.set(entry.client, { key: clients.get(entry.client)?.key ?? null, revoked: true });
    }
  };
  const spend = (id: string) => {
    const held = invitations.get(id);
    if (held) invitations.set(id, { ...held, spent: true });
  };

  const withdraw = (name: string) => {
    for (const [id, { client }] of invitations) if (client === name) spend(id);
  };

  const refresh = () => {
    const size = existsSync(file) ? statSync(file).size : 0;
    if (size === offset) return;
    if (size < offset) throw fail('ROSTER_BROKEN', { file, line, problem: 'it became shorter.' });
    const text = readFrom(file, offset, size - offset);
    // Without its end a line is not written yet, or was cut off by a crash and never told to anyone as done.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const one of whole.split('\n').slice(0, -1)) {
      line++;
      if (one === '' || one.endsWith(TORN)) continue;
      const entry = parse(one, file, line);
      take(entry);
      if (opened) heard?.(entry);
    }
    offset += Buffer.byteLength(whole);
  };
  refresh();
  opened = true;

  return {
    refresh,
    clients,
    invitations,
    get invites() {
      return invitations.size > 0;
    },
    of: (client) => clients.get(client),
    append(entry) {
      refresh();
      const torn = (existsSync(file) ? statSync(file).size : 0) > offset;
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        const handle = openSync(file, 'a', 0o600);
        try {
          // One write, so that two writers' lines never mix.
          writeSync(handle, `${torn ? `${TORN}\n` : ''}${JSON.stringify(entry)}\n`);
          fsyncSync(handle);
        } finally {
          closeSync(handle);
        }
      } catch (cause) {
        throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
      }
      refresh();
    },
  };
}

function parse(text: string, file: string, line: number): RosterEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail('ROSTER_BROKEN', { file, line, problem: 'it is not JSON.' }, cause);
  }
  const parsed = entrySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw fail('ROSTER_BROKEN', { file, line, problem: 'it is no entry of this version.' }, parsed.error);
}

function readFrom(file: string, offset: number, length: number): string {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(length);
    const read = readSync(handle, bytes, 0, length, offset);
    return bytes.subarray(0, read).toString('utf8');
  } finally {
    closeSync(handle);
  }
}
