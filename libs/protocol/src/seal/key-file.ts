import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../fail.ts';
import { identityFromSecret, identityFromSeed, type Identity } from './identity.ts';

/**
 * The identity in a key file; one that is not there is made, readable by its owner alone (0600). Two processes that make it at once
 * end with the same one.
 * @param seed 32 bytes of good randomness, asked for only when the file is made
 * @throws KEY_BROKEN, STORAGE_FAILED
 */
export function openKeyFile(file: string, seed: () => Uint8Array): Identity {
  if (!existsSync(file)) makeKeyFile(file, identityFromSeed(seed()).secret());
  try {
    const others = process.platform === 'win32' ? 0 : statSync(file).mode & 0o077;
    if (others !== 0) {
      const remedy = `If nobody else has read it: chmod 600 ${file}. Otherwise move it away; who relies on it must then be told of the new one.`;
      throw fail('KEY_BROKEN', { file, problem: 'other users can read it.', remedy });
    }
    return identityFromSecret(readFileSync(file, 'utf8'));
  } catch (cause) {
    if ((cause as { code?: string }).code === 'KEY_BROKEN') throw cause;
    const remedy = 'Restore it from a backup, or move it away: a new key is then made, which others do not know yet.';
    throw fail('KEY_BROKEN', { file, problem: 'it does not hold an Ed25519 key in PEM.', remedy }, cause);
  }
}

function makeKeyFile(file: string, secret: string): void {
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const handle = openSync(draft, 'w', 0o600);
    writeSync(handle, secret);
    fsyncSync(handle);
    closeSync(handle);
    // A link, unlike a rename, does not replace the key that another process made meanwhile.
    linkSync(draft, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
      throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
  } finally {
    rmSync(draft, { force: true });
  }
}
