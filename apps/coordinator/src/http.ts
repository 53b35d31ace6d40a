import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { fail } from '@trunkline/protocol';

/** The HTTP server under the gateway: `/health` says that the process lives; everything else is 404. Counts what its sockets carry. */
export interface Http {
  readonly server: Server;
  /** Resolves with the port. @param at where each of them is set, for errors @throws PORT_IN_USE, LISTEN_FAILED */
  listen(place: { host: string; port: number; at: (key: 'host' | 'port') => string }): Promise<number>;
  readonly traffic: () => { up: number; down: number };
  /** Ends every open connection without a word. */
  dropLines(): void;
  close(): Promise<void>;
}

export function createHttp(): Http {
  const server = createServer((request, response) => {
    const healthy = request.method === 'GET' && request.url === '/health';
    response.writeHead(healthy ? 200 : 404, { 'content-type': 'text/plain' });
    response.end(healthy ? 'ok\n' : 'not found\n');
  });
  const open = new Set<Socket>();
  const ended = { up: 0, down: 0 };
  server.on('connection', (socket) => {
    open.add(socket);
    // Small control messages must not wait for a full packet.
    socket.setNoDelay(true);
    socket.once('close', () => {
      open.delete(socket);
      ended.up += socket.bytesRead;
      ended.down += socket.bytesWritten;
    });
  });
  return {
    server,
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
