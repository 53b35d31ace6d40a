import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const BEAT_MS = 2_000;
const SILENT_MS = 30_000;

/**
 * Lets one set-up of a user work at a time; a second one waits for it. The lock of a process that is gone (its id is not
 * alive, or it has not touched the file for 30 s, as after a power cut or when its id was given to another) is broken.
 *
 * @param {string} folder the cache
 * @param {(holder: number) => void} waiting called once when another set-up holds the lock
 * @returns {Promise<() => Promise<void>>} gives the lock back
 */
export async function takeLock(folder, waiting) {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'setup.lock');
  const mine = JSON.stringify({ pid: process.pid, host: hostname() });
  for (let told = false; ;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(mine);
      await file.close();
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = await holderOf(path);
    if (holder.gone) {
      // Renaming first: of two that find the same dead lock only one can move it away.
      const aside = `${path}.${process.pid}`;
      await rename(path, aside).then(
        () => rm(aside, { force: true }),
        () => {},
      );
      continue;
    }
    if (!told) waiting(holder.pid);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), BEAT_MS);
  beat.unref();
  return async () => {
    clearInterval(beat);
    await rm(path, { force: true });
  };
}

async function holderOf(path) {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const silent = Date.now() - mtimeMs > SILENT_MS;
    if (text === '') return { pid: 0, gone: silent };
    const { pid, host } = JSON.parse(text);
    return { pid, gone: silent || (host === hostname() && !alive(pid)) };
  } catch {
    // Given back between two looks, or half-written: look again.
    return { pid: 0, gone: false };
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
