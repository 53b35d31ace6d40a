import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { bytePool, createDelivery, createHttp, openGateway, type Connection } from '@trunkline/coordinator';
import { assemble, type Assembly } from '@trunkline/protocol';
import { listenRaw, type RawLine } from './raw-tcp.ts';

/** The receiving side of a transport. */
export interface TransportServer {
  readonly port: number;
  /**
   * Sends one vector of `values` float32 to each of the first `lines` lines at once; resolves when all have it.
   * @returns how many different buffers went out: 1 where it was encoded once, 0 where nobody counted
   */
  broadcast?(ask: { values: number; lines: number }): Promise<{ buffers: number }>;
}

export async function rawServer(): Promise<TransportServer> {
  const lines: RawLine[] = [];
  let sent = new Float32Array(0);
  const { port } = await listenRaw(
    () => () => undefined,
    (line) => void lines.push(line),
  );
  return {
    port,
    async broadcast({ values, lines: count }) {
      if (sent.length !== values) sent = new Float32Array(values).fill(0.5);
      const bytes = new Uint8Array(sent.buffer);
      await Promise.all(lines.slice(0, count).map((line) => line.send(bytes)));
      return { buffers: 0 };
    },
  };
}

/** socket.io as it comes: its own parser, random masks made in JavaScript; only what would refuse the payload is changed. */
export async function stockServer(): Promise<TransportServer> {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], maxHttpBufferSize: 1e9, pingTimeout: 120_000 });
  io.on('connection', (socket) => {
    socket.on('tensor', (bytes: Uint8Array, acknowledge: (length: number) => void) => acknowledge(bytes.byteLength));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return { port: (http.address() as { port: number }).port };
}

const KEY = 'A'.repeat(43);

/**
 * The product's gateway, on its HTTP server, that lets everyone in: each transfer is put together from its chunks in memory that is used again, as the
 * intake does. Hashing and adding belong to the round (E1), not to the line.
 */
export async function ourServer(): Promise<TransportServer> {
  const http = createHttp({ challenge: () => JSON.stringify({ nonce: 'A'.repeat(32), coordinator: KEY }) });
  const connections: Connection[] = [];
  const pool = bytePool(16);
  openGateway(http.server, {
    admit: async ({ client }, socket) => {
      http.letIn(socket);
      return { client: client!, key: KEY, verify: () => true, pinned: null };
    },
    closed: () => undefined,
    disconnected: () => undefined,
    refused: (client, event, error) => void process.stderr.write(`${client}: ${event} refused: ${error.message}\n`),
    connected(connection) {
      connections.push(connection);
      const open = new Map<string, Assembly>();
      const never = () => {
        throw new Error('a line that only carries bytes asks for no seat');
      };
      return {
        hello: never,
        join: never,
        ready: never,
        contribution({ round, bytes }) {
          const assembly = assemble(`${round}`, bytes, pool.take(bytes));
          open.set(`${round}`, assembly);
          return { missing: assembly.missing() };
        },
        chunk({ transfer, index }, bytes) {
          // Of small messages each is one chunk: there is nothing to put together.
          const assembly = open.get(transfer);
          if (!assembly?.add(index, bytes)) return;
          open.delete(transfer);
          pool.give(assembly.bytes);
        },
        answered: () => undefined,
        scores: () => undefined,
        leave: () => undefined,
      };
    },
  });
  const port = await http.listen({ host: '127.0.0.1', port: 0, at: () => 'the benchmark' });
  const trunk = { version: 0, theta: new Float32Array(0), control: null as Float32Array | null };
  const delivery = createDelivery(trunk, { interrupted: () => undefined, failed: () => undefined });
  return {
    port,
    async broadcast({ values, lines }) {
      if (trunk.theta.length !== values) trunk.theta = new Float32Array(values).fill(0.5);
      trunk.version++;
      const buffers = new Set<ArrayBufferLike>();
      await Promise.all(
        connections.slice(0, lines).map((connection) => {
          const { client } = connection;
          // Where each chunk lies shows whether anything was encoded a second time, or copied for one line.
          const counted: Connection = {
            ...connection,
            chunk(message, bytes) {
              buffers.add(bytes.buffer);
              return connection.chunk(message, bytes);
            },
          };
          return delivery.trunkTo({ ...seat, client, connection: counted }, 0);
        }),
      );
      return { buffers: buffers.size };
    },
  };
}

const seat = { offers: [], machine: null, holds: null, codes: false, answers: 0, cold: false };
