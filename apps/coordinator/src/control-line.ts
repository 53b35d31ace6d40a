import { connect, type Socket } from 'node:net';
import { fail, fromReport } from '@trunkline/protocol';
import { controlReply, type ControlRequest } from './control-messages.ts';
import { controlPlace } from './control-place.ts';

/** A coordinator whose event loop is busy answers late; one that does not answer at all for this long is stuck. */
const ANSWER_MS = 10_000;

/** The line to a live run. */
export interface ControlLine {
  /** @throws what the run answers with; CONTROL_SILENT when nothing comes within ten seconds */
  ask(request: ControlRequest['do']): Promise<unknown>;
  /** Resolves when the run's process has ended, or after `ms`: false. */
  ended(ms: number): Promise<boolean>;
  close(): void;
}

/** The line to whoever holds the run in this folder; null: nobody does. @throws CONTROL_SILENT, STORAGE_FAILED */
export async function openControlLine(folder: string): Promise<ControlLine | null> {
  const socket = await reach(controlPlace(folder), folder);
  return socket && lineOver(socket, folder);
}

function reach(path: string, folder: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(ANSWER_MS, () => socket.destroy(fail('CONTROL_SILENT', { folder, seconds: ANSWER_MS / 1000 })));
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // No socket, or one that a killed process left behind.
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK') resolve(null);
      else if (error.code === 'EACCES')
        reject(fail('STORAGE_FAILED', { file: path, reason: 'it belongs to another user' }));
      else reject(error);
    });
  });
}

function lineOver(socket: Socket, folder: string): ControlLine {
  const waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  let text = '';
  let closed = false;
  const silent = () => fail('CONTROL_SILENT', { folder, seconds: ANSWER_MS / 1000 });
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece: string) => {
    text += piece;
    const lines = text.split('\n');
    text = lines.pop()!;
    for (const line of lines) {
      const reply = controlReply.safeParse(JSON.parse(line));
      const asked = waiting.shift();
      if (!reply.success) asked?.reject(silent());
      else if (reply.data.ok) asked?.resolve(reply.data.value);
      else asked?.reject(fromReport(reply.data.error));
    }
  });
  const end = new Promise<void>((resolve) => {
    socket.once('close', () => {
      closed = true;
      for (const { reject } of waiting.splice(0)) reject(silent());
      resolve();
    });
  });
  return {
    ask(request) {
      if (closed) return Promise.reject(silent());
      const answered = new Promise<unknown>((resolve, reject) => waiting.push({ resolve, reject }));
      socket.write(`${JSON.stringify({ schema: 1, do: request } satisfies ControlRequest)}\n`);
      return within(answered, ANSWER_MS, () => Promise.reject(silent()));
    },
    ended: (ms) =>
      within(
        end.then(() => true),
        ms,
        () => Promise.resolve(false),
      ),
    close: () => socket.destroy(),
  };
}

function within<T>(promise: Promise<T>, ms: number, otherwise: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise()), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
