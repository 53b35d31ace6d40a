import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { fail, toTrunklineError } from '@trunkline/protocol';
import { controlRequest, REQUEST_BYTES, type ControlReply, type ControlRequest } from './control-messages.ts';
import { controlPlace } from './control-place.ts';

/** Lines at once; more are closed unanswered. */
const LINES = 32;
/** Who asks nothing for this long, and does not watch, is let go. */
const IDLE_MS = 30_000;

export interface ControlSocket {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Opens the door for the operator's own commands: a socket that only this user may open (mode 0600). What is asked is checked against
 * `controlRequest` and answered by `answer`; its errors are sent back as such. Call it with the run's lock held: a socket that lies
 * there is left over from a process that was killed.
 * @throws STORAGE_FAILED
 */
export async function openControl(
  folder: string,
  answer: (request: ControlRequest['do']) => unknown,
): Promise<ControlSocket> {
  const path = controlPlace(folder);
  const lines = new Set<Socket>();
  const server = createServer((socket) => {
    if (lines.size >= LINES) return void socket.destroy();
    lines.add(socket);
    socket.once('close', () => lines.delete(socket));
    converse(socket, answer);
  });
  const pipe = process.platform === 'win32';
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(fail('STORAGE_FAILED', { file: path, reason: cause.message }, cause)));
    if (!pipe) rmSync(path, { force: true });
    // From the first moment on it is this user's alone.
    const before = pipe ? 0 : process.umask(0o177);
    server.listen(path, () => resolve());
    if (!pipe) process.umask(before);
  });
  if (!pipe) chmodSync(path, 0o600);
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of lines) socket.destroySoon();
      }),
  };
}

function converse(socket: Socket, answer: (request: ControlRequest['do']) => unknown): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  // The other side went away in the middle: nothing of the run hangs on it.
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece: string) => {
    text += piece;
    const requests = text.split('\n');
    text = requests.pop()!;
    for (const request of requests) socket.write(`${JSON.stringify(replyTo(request, answer, socket))}\n`);
    if (text.length > REQUEST_BYTES) socket.destroy();
  });
}

function replyTo(line: string, answer: (request: ControlRequest['do']) => unknown, socket: Socket): ControlReply {
  try {
    const request = requestOf(line);
    if (request.do === 'watch') socket.setTimeout(0);
    return { ok: true, value: answer(request.do) ?? null };
  } catch (thrown) {
    return { ok: false, error: toTrunklineError(thrown).report() };
  }
}

function requestOf(line: string): ControlRequest {
  let value: unknown;
  try {
    value = JSON.parse(line.slice(0, REQUEST_BYTES));
  } catch {
    throw fail('MESSAGE_INVALID', { event: 'control', problem: 'it is no JSON' });
  }
  const checked = controlRequest.safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  throw fail('MESSAGE_INVALID', {
    event: 'control',
    problem: `${issue.path.join('.') || 'request'}: ${issue.message}`,
  });
}
