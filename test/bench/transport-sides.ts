import { io } from 'socket.io-client';
import { openLink } from '@trunkline/protocol/line';
import { assemble, grainCount, sendChunks, type Assembly } from '@trunkline/protocol';
import { COORDINATOR_FLAGS } from '../simulate/child.ts';
import { identityOf } from '../wire/thin-client.ts';
import { cpuMs, forkBench, type Forked } from './forked.ts';
import { dialRaw } from './raw-tcp.ts';

/** One line of one kind of transport, as its sender sees it. */
export interface Sender {
  /** A vector; resolves once the other side has all of it. */
  send(bytes: Uint8Array): Promise<void>;
  /** A message of at most one chunk, without an announcement. */
  message(bytes: Uint8Array): Promise<void>;
  /** About 1 KB there and a word back. */
  control(): Promise<void>;
  close(): void;
}

export interface TransportSide {
  readonly name: 'raw' | 'stock' | 'ours';
  readonly server: Forked;
  /** Lines that are open. */
  readonly lines: number;
  open(): Promise<Sender>;
  /** CPU milliseconds of both ends so far. */
  readonly cpu: () => Promise<number>;
  close(): Promise<void>;
}

const CONTROL = Buffer.alloc(1_000, 'x');

export async function openSide(name: TransportSide['name']): Promise<TransportSide> {
  const flags = name === 'ours' ? COORDINATOR_FLAGS : [];
  const server = forkBench('test/dist/bench/transport-server-process.js', [name], flags);
  const port = await server.ask<number>('port');
  const senders = new Set<Sender>();
  let asked = 0;
  return {
    name,
    server,
    get lines() {
      return senders.size;
    },
    cpu: async () => cpuMs() + (await server.ask<number>('cpu')),
    async open() {
      const sender = await dial[name](port, asked++);
      senders.add(sender);
      return sender;
    },
    async close() {
      for (const sender of senders) sender.close();
      await server.close();
    },
  };
}

const dial: Record<TransportSide['name'], (port: number, place: number) => Promise<Sender>> = {
  async raw(port) {
    const line = await dialRaw(port);
    const send = (bytes: Uint8Array) => line.send(bytes);
    return { send, message: send, control: () => line.send(CONTROL), close: () => line.close() };
  },
  async stock(port) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    const send = async (bytes: Uint8Array) => void (await socket.emitWithAck('tensor', bytes));
    return { send, message: send, control: () => send(CONTROL), close: () => void socket.close() };
  },
  ours: (port, place) => ourSender(port, place),
};

/** The product's own link: its handshake, masks, parser, pace, chunks and acknowledgements; a broadcast is put together where it is not copied again. */
function ourSender(port: number, place: number): Promise<Sender> {
  return new Promise((resolve, reject) => {
    const client = `line-${place}`;
    let into = new Uint8Array(0);
    let assembly: Assembly | undefined;
    let round = 0;
    const never = () => undefined;
    const link = openLink(
      {
        ...{ url: `http://127.0.0.1:${port}`, client, identity: identityOf(client), route: {} },
        ...{ random: () => 0.5, firstMs: 30_000, laterMs: 1_000 },
      },
      {
        handlers: {
          trunk({ bytes }) {
            if (into.byteLength !== bytes) into = new Uint8Array(bytes);
            assembly = assemble('trunk', bytes, into);
            return { missing: [[0, grainCount(bytes)]] };
          },
          chunk: ({ index }, bytes) => void assembly!.add(index, bytes),
          ...{ round: never, credit: never, evaluate: never, rewind: never, status: never, finished: never },
        },
        connected: () => resolve(sender),
        lost: () => undefined,
        failed: reject,
      },
    );
    const sender: Sender = {
      async send(bytes) {
        const id = { round: round++, attempt: 0, kind: 'sum' as const, tasks: ['task'] };
        const about = { bytes: bytes.byteLength, sha256: '0'.repeat(64), encoding: 'f32' as const };
        const announced = link.request('contribution', { ...id, ...about });
        const transfer = `${id.round}`;
        await sendChunks(bytes, (index, chunk) => link.chunk({ transfer, index }, chunk), { pace: link.pace });
        await announced;
      },
      message: (bytes) => link.chunk({ transfer: 'message', index: 0 }, bytes),
      control: async () => void (await link.request('leave', { reason: CONTROL.toString() })),
      close: () => link.close(),
    };
  });
}
