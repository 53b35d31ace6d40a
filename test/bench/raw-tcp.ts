import { connect, createServer, type Socket } from 'node:net';

/**
 * The baseline of everything that goes over a line: plain TCP of node:net, a header of five bytes (kind, length) before each message. A message is
 * copied into one fresh Buffer as it comes in, as a program reads that knows no better, and acknowledged by an empty one.
 */
export interface RawLine {
  /** Resolves once the other side has all of it. */
  send(bytes: Uint8Array): Promise<void>;
  close(): void;
}

export interface RawListener {
  readonly port: number;
  close(): Promise<void>;
}

const [DATA, RECEIVED] = [0, 1];
const HEADER = 5;

/** Speaks over a connected socket; `heard` gets each whole message before it is acknowledged. */
function rawLine(socket: Socket, heard: (message: Buffer) => void): RawLine {
  socket.setNoDelay(true);
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const header = Buffer.alloc(HEADER);
  let have = 0;
  let message: Buffer | undefined;
  let filled = 0;

  const done = () => {
    const whole = message!;
    message = undefined;
    have = 0;
    heard(whole);
    socket.write(headerOf(RECEIVED, 0));
  };
  const begin = () => {
    if (header[0] === RECEIVED) {
      have = 0;
      return waiting.shift()?.resolve();
    }
    message = Buffer.allocUnsafe(header.readUInt32LE(1));
    filled = 0;
    if (message.length === 0) done();
  };
  socket.on('data', (part: Buffer) => {
    for (let at = 0; at < part.length;) {
      if (!message) {
        const taken = part.copy(header, have, at, Math.min(part.length, at + HEADER - have));
        have += taken;
        at += taken;
        if (have === HEADER) begin();
        continue;
      }
      const taken = part.copy(message, filled, at);
      filled += taken;
      at += taken;
      if (filled === message.length) done();
    }
  });
  socket.once('error', () => socket.destroy());
  socket.once('close', () => waiting.splice(0).forEach(({ reject }) => reject(new Error('the raw line is closed'))));
  return {
    send: (bytes) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the raw line is closed'));
        waiting.push({ resolve, reject });
        socket.cork();
        socket.write(headerOf(DATA, bytes.byteLength));
        socket.write(bytes);
        socket.uncork();
      }),
    close: () => void socket.destroy(),
  };
}

function headerOf(kind: number, length: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header[0] = kind;
  header.writeUInt32LE(length, 1);
  return header;
}

/** Listens on this machine, on any free port. */
export async function listenRaw(
  connected: (socket: Socket) => (message: Buffer) => void,
  opened: (line: RawLine) => void = () => undefined,
): Promise<RawListener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    opened(rawLine(socket, connected(socket)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export const dialRaw = (port: number, heard: (message: Buffer) => void = () => undefined): Promise<RawLine> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => resolve(rawLine(socket, heard)));
  });
