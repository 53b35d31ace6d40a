import { accessSync, constants, mkdirSync } from 'node:fs';
import { readdir, readFile, rename, stat, statfs, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The per-user folder that keeps libtensorflow and the addon across clones: `$XDG_CACHE_HOME/trunkline`, else
 * `~/.cache/trunkline`; where neither can be written, a folder in the clone.
 * @param {string} root of the clone
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheFolder(root, env) {
  const own = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'trunkline');
  try {
    mkdirSync(own, { recursive: true });
    accessSync(own, constants.W_OK);
    return own;
  } catch {
    return join(root, 'node_modules', '.cache', 'trunkline');
  }
}

/** Bytes of all files under `folder`; 0 when it does not exist. @param {string} folder @returns {Promise<number>} */
export async function folderBytes(folder) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return folderBytes(path);
    return stat(path).then(
      ({ size }) => size,
      () => 0,
    );
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Bytes that may still be written where `folder` lies. @param {string} folder */
export async function freeBytes(folder) {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** A JSON file, or undefined when it is missing or broken. @param {string} path */
export async function readRecord(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Writes a JSON file so that a reader sees the old one or the new one, never a part. @param {string} path */
export async function writeRecord(path, record) {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`);
  await rename(temporary, path);
}
