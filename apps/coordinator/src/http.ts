import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { Socket } from 'node:net';
import { fail, limits } from '@trunkline/protocol';
import { CHALLENGE_PATH } from '@trunkline/protocol/seal';
import type { Certificate } from './door/certificate.ts';

/** The HTTP server under the gateway. Whoever holds a socket is a stranger, with little time and little memory, until it is let in. */
export interface Http {
  readonly server: Server;
  /** Resolves with the port. @param at where each of them is set, for errors @throws PORT_IN_USE, LISTEN_FAILED */
  listen(place: { host: string; port: number; at: (key: 'host' | 'port') => string }): Promise<number>;
  /** Bytes of all sockets that are counted, since they were opened. */
  readonly traffic: () => { up: number; down: number };
  /** Answers requests for `path`, whatever stands behind its `?`. */
  route(path: string, answer: RequestListener): void;
  /** From here on this socket may stay as long as it likes. */
  letIn(socket: Socket): void;
  /** It is a client's line, whose bytes are traffic of the run. */
  countIn(socket: Socket): void;
  /** How many sockets are not let in. */
  strangers(): number;
  /** Ends every open connection without a word. */
  dropLines(): void;
  close(): Promise<void>;
}

export interface HttpDeps {
  /** TLS with this certificate; left out: none. */
  readonly certificate?: Certificate | undefined;
  /** What a stranger that asks for a challenge is answered. */
  readonly challenge: () => string;
}

export function createHttp({ certificate, challenge }: HttpDeps): Http {
  const routes = new Map<string, RequestListener>();
  const server = serverOf(certificate, (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const route = request.method === 'GET' ? routes.get(path) : undefined;
    if (route) return route(request, response);
    const healthy = request.method === 'GET' && path === '/health';
    response.writeHead(healthy ? 200 : 404, { 'content-type': 'text/plain', connection: 'close' });
    response.end(healthy ? 'ok\n' : 'not found\n');
  });
  routes.set(CHALLENGE_PATH, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' });
    response.end(challenge());
  });
  const open = new Set<Socket>();
  const ended = { up: 0, down: 0 };
  /** Ends of clients' lines: pages and figures that somebody reads are no traffic of the run. */
  const lines = new Set<string>();
  /** Oldest first, by the other end: of a TLS connection requests see another socket than this server. */
  const strangers = new Map<string, { socket: Socket; timer: NodeJS.Timeout }>();
  const endOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

  const known = (end: string) => {
    clearTimeout(strangers.get(end)?.timer);
    strangers.delete(end);
  };
  const watch = (socket: Socket) => {
    const end = endOf(socket);
    if (strangers.size >= limits.strangers) {
      const [oldest, { socket: longest }] = strangers.entries().next().value!;
      known(oldest);
      longest.destroy();
    }
    strangers.set(end, { socket, timer: setTimeout(() => socket.destroy(), limits.strangerMs) });
    socket.once('close', () => known(end));
  };
  server.on('connection', (socket: Socket) => {
    const end = endOf(socket);
    open.add(socket);
    watch(socket);
    // Small control messages must not wait for a full packet.
    socket.setNoDelay(true);
    socket.once('close', () => {
      open.delete(socket);
      if (!lines.delete(end)) return;
      ended.up += socket.bytesRead;
      ended.down += socket.bytesWritten;
    });
  });
  return {
    server,
    route: (path, answer) => void routes.set(path, answer),
    letIn: (socket) => known(endOf(socket)),
    countIn: (socket) => void lines.add(endOf(socket)),
    strangers: () => strangers.size,
    listen: ({ host, port, at }) =>
      new Promise((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => {
          const taken = error.code === 'EADDRINUSE';
          const reason = `${error.code ?? error.message}.`;
          const place = at(taken ? 'port' : 'host');
          reject(fail(taken ? 'PORT_IN_USE' : 'LISTEN_FAILED', { at: place, host, port, reason }, error));
        });
        server.listen(port, host, () => resolve((server.address() as { port: number }).port));
      }),
    traffic() {
      let { up, down } = ended;
      for (const socket of open) {
        if (!lines.has(endOf(socket))) continue;
        up += socket.bytesRead;
        down += socket.bytesWritten;
      }
      return { up, down };
    },
    dropLines() {
      for (const socket of open) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function serverOf(certificate: Certificate | undefined, answer: RequestListener): Server {
  const bounds = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.strangerMs,
    requestTimeout: limits.strangerMs,
    connectionsCheckingInterval: limits.strangerMs / 3,
    keepAliveTimeout: 1_000,
  };
  if (!certificate) return createPlain(bounds, answer);
  const { cert, key } = certificate;
  return createSecure({ ...bounds, cert, key, handshakeTimeout: limits.strangerMs, minVersion: 'TLSv1.2' }, answer);
}
