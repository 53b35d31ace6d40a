import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, sha256 } from '@trunkline/protocol';

/** A folder held by this process alone. */
export interface FolderLock {
  readonly release: () => Promise<void>;
}

/** How long the holder may take to say its process id. */
const ANSWER_MS = 2_000;

/**
 * Holds `folder`, which must exist, for as long as this process lives: by a socket that the system closes with the process, so that nothing
 * stays behind after a `kill -9`. On Linux it has no file at all (an abstract name); elsewhere a file that nobody answers at is
 * left over, and replaced. It sees processes of this machine only.
 * @throws RUN_LOCKED with the process id of the holder
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const name = `trunkline-${sha256(new TextEncoder().encode(realpathSync(folder))).slice(0, 32)}`;
  const path = placeOf(name);
  const held = (await listen(path)) ?? (await retry(path, folder));
  return { release: () => new Promise((done) => held.close(() => done())) };
}

function placeOf(name: string): string {
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.socket`);
}

/** undefined: somebody has it, or had it. */
function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  // The lock alone keeps no process alive.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => resolve(server));
  });
}

/** Somebody answers: refused. Nobody does: a file is left over, and goes. */
async function retry(path: string, folder: string): Promise<Server> {
  const pid = await holder(path);
  if (pid === undefined && !path.startsWith('\0')) rmSync(path, { force: true });
  const held = pid === undefined ? await listen(path) : undefined;
  if (held) return held;
  throw fail('RUN_LOCKED', { folder, pid: pid ?? 'unknown' });
}

/** The process id that the holder says; undefined: nobody holds it any more. */
function holder(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path);
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => (text += part));
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(text || 'that does not answer'));
  });
}
