import { join } from 'node:path';
import { openKeyFile, type Identity } from '@trunkline/protocol/seal';

/** Where a client's key lies in its state folder: one for all runs, for a run is not known before the key was shown. */
const keyFile = (state: string, client: string): string => join(state, 'keys', `${client}.key`);

/** The key that coordinators know this client by; made at its first start. @throws KEY_BROKEN, STORAGE_FAILED */
export const openClientKey = (state: string, client: string, random: (bytes: number) => Uint8Array): Identity =>
  openKeyFile(keyFile(state, client), () => random(32));
