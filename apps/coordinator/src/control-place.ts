import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { fail } from '@trunkline/protocol';

/** A socket's path has room for 108 bytes on Linux, 104 on macOS, the zero at its end included. */
const LONGEST = 100;

/**
 * Where the control socket of a run lies: in its folder; where that path is too long for a socket, in a folder of this user's own
 * under the system's temporary one; on Windows a named pipe. Both sides find it from the run folder alone.
 * @throws STORAGE_FAILED when that folder is someone else's
 */
export function controlPlace(folder: string): string {
  const real = realPath(folder);
  const name = createHash('sha256').update(real).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\trunkline-${name}`;
  const inside = join(real, 'control.sock');
  if (Buffer.byteLength(inside) <= LONGEST) return inside;
  return join(ownFolder(), `${name}.sock`);
}

/** The same folder by whatever name it is reached. */
function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

function ownFolder(): string {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `trunkline-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = statSync(folder);
  if (owner === uid && (mode & 0o077) === 0) return folder;
  throw fail('STORAGE_FAILED', { file: folder, reason: 'it must belong to this user alone (mode 0700)' });
}
