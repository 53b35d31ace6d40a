import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import { readSealed, writeSealed, type Disk } from '@trunkline/model/store';

/** Version of what lies in a relay's folder. */
const RELAY_FORMAT = 1;
const pageSchema = z.object({ format: z.number(), port: z.number().int() });

/** Where a relay's key towards its coordinator lies in its folder. */
export const upstreamKey = (folder: string): string => join(folder, 'upstream.key');

/** What a relay's folder remembers beside its door, its keys and its events: the port that its clients know. */
export interface RelayFolder {
  /** null: it has not listened yet. */
  readonly port: number | null;
  listened(port: number): void;
}

/** @throws RUN_FOLDER_EXISTS where a run lies there, FOLDER_FORMAT, STORAGE_FAILED */
export function openRelayFolder(disk: Disk, folder: string): RelayFolder {
  const file = join(folder, 'relay.json');
  if (disk.list(folder).includes('ledger.json')) throw fail('RUN_FOLDER_EXISTS', { folder });
  const found = readSealed(disk, file);
  // Of a damaged page nothing is lost but the port: its clients look for the relay where `listen.port` says.
  const page = found && found.problem === undefined ? pageSchema.safeParse(found.value).data : undefined;
  if (page && page.format !== RELAY_FORMAT)
    throw fail('FOLDER_FORMAT', { file, found: page.format, expected: RELAY_FORMAT });
  return {
    port: page?.port ?? null,
    listened(port) {
      if (port === page?.port) return;
      try {
        writeSealed(disk, file, { format: RELAY_FORMAT, port });
      } catch (cause) {
        throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
      }
    },
  };
}
