import { rmSync } from 'node:fs';
import { fail, PROTOCOL_VERSION, toTrunklineError, type Clock, type TrunklineError } from '@trunkline/protocol';
import { openKeyFile } from '@trunkline/protocol/seal';
import type { ClientHandlers, Connection } from '../gateway.ts';
import { admit, type Admitted, type Knock } from './admission.ts';
import { headFile } from './audit-chain.ts';
import { openAuditLog, type AuditLog } from './audit-log.ts';
import { oldParts } from './audit-parts.ts';
import { createChallenges } from './challenges.ts';
import { doorFiles } from './door-files.ts';
import { sealedHandlers } from './sealed-handlers.ts';
import { silenceOf, type Line } from './silence-of.ts';
import { createThrottle } from './throttle.ts';
import { openRoster, type Roster, type RosterEntry } from './roster.ts';

export interface DoorkeeperDeps {
  readonly folder: string;
  readonly run: string;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** Nobody comes in for the first time without an invitation; otherwise so as soon as somebody was invited. */
  readonly invitations: boolean;
  /** Somebody is let out, or nobody new can be let in. */
  readonly refused: (client: string, error: TrunklineError) => void;
  /** The audit log cannot be written: the run must not go on without it. */
  readonly failed: (error: TrunklineError) => void;
}

/** Who comes in, who goes out, and the record of both. */
export interface Doorkeeper {
  /** The answer to a stranger that asks for a challenge: JSON. */
  readonly challenge: () => string;
  /**
   * One that holds the key of a client whose line stands takes its place when that line is silent.
   * @throws whatever `admit` throws; nothing that it throws says a word of the run
   */
  admit(knock: Knock, line: Line): Promise<Admitted>;
  /** An admitted client's line stands: what it may say, behind the check of its signatures. */
  connected(connection: Connection, admitted: Admitted, handlers: ClientHandlers): ClientHandlers;
  /** The line of an admitted client is gone, whether it ever carried a message or not. */
  readonly closed: (admitted: Admitted) => void;
  /** @param forget of a run that never began nothing stays, unless somebody was invited to it or kept out of it */
  close(forget: boolean): void;
}

interface Inside {
  readonly admitted: Admitted;
  readonly line: Line;
  readonly connection?: Connection;
}

/** How often the roster is looked at for revocations of clients that are connected. */
const LOOK_MS = 400;

/** @throws KEY_BROKEN, ROSTER_BROKEN, AUDIT_BROKEN, STORAGE_FAILED */
export function openDoorkeeper(deps: DoorkeeperDeps): Doorkeeper {
  const { clock, random, run } = deps;
  const files = doorFiles(deps.folder);
  const { key } = openKeyFile(files.key, () => random(32));
  const audit = openAuditLog(files.audit, { clock, failed: deps.failed });
  const roster = openRoster(files.roster, (entry) => writeDown(entry, audit));
  audit.write({ kind: 'roster', ...summaryOf(roster) });
  const challenges = createChallenges({ clock, random });
  /** Who is inside, from its admission on; its line comes a moment later. */
  const inside = new Map<string, Inside>();
  const throttle = createThrottle({
    clock,
    leftOut: (count) => audit.write({ kind: 'refusals left out', count }),
  });

  const refuse = (knock: Knock, error: TrunklineError) => {
    // A flood of strangers must not fill the disk.
    if (!throttle.take()) return;
    const client = knock.client?.slice(0, 64) ?? '';
    audit.write({ kind: 'refusal', client, address: knock.address, code: error.code });
  };

  const enter = (knock: Knock, line: Line): Admitted => {
    const { invitations } = deps;
    const connected = (client: string) => inside.has(client);
    const admitted = admit(knock, { key, roster, challenges, clock, invitations, connected });
    const { client } = admitted;
    audit.write({ kind: 'admission', client, key: admitted.key, address: knock.address });
    inside.set(client, { admitted, line });
    return admitted;
  };
  /** Lines that are being asked whether they live: one question at a time. */
  const asked = new Set<Inside>();
  /** The line of before is not known to be dead yet: asked, it says nothing, and goes. Only the same key may ask. */
  const yields = async (before: Inside, { client = '', key: shown, address }: Knock): Promise<boolean> => {
    if (before.admitted.key !== shown || asked.has(before)) return false;
    asked.add(before);
    const silent = await silenceOf(before.line, { clock, ask: () => inside.get(client)?.connection?.ping?.() });
    asked.delete(before);
    if (inside.get(client)?.admitted !== before.admitted) return !inside.has(client);
    if (!silent) return false;
    audit.write({ kind: 'silent line closed', client, address });
    inside.delete(client);
    before.line.destroy();
    return true;
  };

  let broken = false;
  const look = () => {
    try {
      roster.refresh();
      broken = false;
    } catch (thrown) {
      if (!broken) deps.refused('everyone new', toTrunklineError(thrown));
      broken = true;
    }
    for (const [client, { connection }] of inside) {
      if (!connection || !roster.of(client)?.revoked) continue;
      const error = fail('CLIENT_REVOKED', { client });
      inside.delete(client);
      deps.refused(client, error);
      connection.refuse(error);
    }
    cancel = clock.after(LOOK_MS, look);
  };
  let cancel = clock.after(LOOK_MS, look);

  return {
    challenge: () => JSON.stringify({ protocol: PROTOCOL_VERSION, nonce: challenges.issue(), coordinator: key }),
    async admit(knock, line) {
      try {
        const before = inside.get(knock.client ?? '');
        try {
          return enter(knock, line);
        } catch (thrown) {
          if (toTrunklineError(thrown).code !== 'CLIENT_DUPLICATE' || !before || !(await yields(before, knock)))
            throw thrown;
          return enter(knock, line);
        }
      } catch (thrown) {
        const error = toTrunklineError(thrown);
        refuse(knock, error);
        // What fails on this side is this side's affair: paths and reasons stay on its screen.
        throw error.exit >= 20 && error.exit < 30 ? error : fail('COORDINATOR_BUSY', {});
      }
    },
    connected(connection, admitted, handlers) {
      const { client, verify } = admitted;
      inside.set(client, { ...inside.get(client)!, admitted, connection });
      return sealedHandlers(handlers, { run, client, verify, audit });
    },
    closed(admitted) {
      if (inside.get(admitted.client)?.admitted === admitted) inside.delete(admitted.client);
    },
    close(forget) {
      cancel();
      throttle.close();
      audit.write({ kind: 'closed' });
      audit.close();
      if (!forget || roster.invites || [...roster.clients.values()].some(({ revoked }) => revoked)) return;
      for (const file of [files.folder, files.audit, headFile(files.audit), ...oldParts(files.audit)])
        rmSync(file, { recursive: true, force: true });
    },
  };
}

/** The roster when the log was opened: what commands wrote into it while nobody was at the door. */
function summaryOf({ clients }: Roster): { known: string[]; revoked: string[] } {
  const names = (revoked: boolean) =>
    [...clients].flatMap(([client, one]) => (one.revoked === revoked ? [client] : []));
  return { known: names(false), revoked: names(true) };
}

function writeDown(entry: RosterEntry, audit: AuditLog): void {
  const { client } = entry;
  switch (entry.kind) {
    case 'invited':
      return audit.write({ kind: 'invitation', client, invitation: entry.id });
    case 'pinned':
      audit.write({ kind: 'pin', client, key: entry.key });
      if (entry.invitation !== null) audit.write({ kind: 'invitation used', client, invitation: entry.invitation });
      return;
    case 'revoked':
      return audit.write({ kind: 'revocation', client });
  }
}
