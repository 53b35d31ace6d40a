import { createServer, connect, type Socket } from 'node:net';
import { pacedPipe, type Conditions, type PacedPipe } from './paced-pipe.ts';

export type Direction = 'up' | 'down';

/** A TCP proxy before a coordinator: what a bad network does to a line, at will and in each direction of its own. */
export interface FaultProxy {
  readonly port: number;
  /** Where clients connect to instead of the coordinator. */
  readonly url: string;
  /** What both directions, or one, are like from now on, for open and for later lines. What is left out stays as it was. */
  set(conditions: Partial<Conditions>, direction?: Direction): void;
  /** Nothing passes, of open and of later lines, until `heal`; what was on its way waits, as TCP would send it again. */
  partition(direction?: Direction): void;
  heal(): void;
  /** Ends every open line: `reset` as a firewall would, with RST on both sides; `end` as a proxy that is shut down. */
  drop(how?: 'reset' | 'end'): void;
  /** Refuses new lines while false. */
  accepting: boolean;
  /** Lines that are open now. */
  readonly lines: number;
  /** Lines that were ever opened. */
  readonly opened: number;
  /** Bytes that were handed on so far. */
  readonly passed: Readonly<Record<Direction, number>>;
  close(): Promise<void>;
}

/** What goes by, for whoever wants to keep it. `line` counts from 0. */
export type Tap = (line: number, direction: Direction, bytes: Buffer) => void;

/**
 * RST instead of FIN. While a socket is being shut down libuv refuses that with EINVAL, and Node 20 then loses the handle: the process
 * would never end. Such a socket is closed as it is.
 */
const reset = (socket: Socket) => void (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());

const UNHINDERED: Conditions = { latencyMs: 0, bytesPerSecond: Infinity, sliceBytes: Infinity, blocked: false };

/** Opens a proxy on a free port of the loopback. @param to address of the coordinator, as in its `listening` event */
export async function openProxy(to: string, tap?: Tap): Promise<FaultProxy> {
  const { hostname, port: upstream } = new URL(to);
  const conditions: Record<Direction, Conditions> = { up: { ...UNHINDERED }, down: { ...UNHINDERED } };
  const open = new Map<number, { sockets: readonly [Socket, Socket]; pipes: readonly PacedPipe[] }>();
  const passed = { up: 0, down: 0 };
  let opened = 0;
  let accepting = true;

  const server = createServer({ noDelay: true }, (near) => {
    if (!accepting) return reset(near);
    const line = opened++;
    const far = connect({ port: Number(upstream), host: hostname.replace(/^\[|\]$/g, ''), noDelay: true });
    const watch = (direction: Direction) => (bytes: Buffer) => {
      passed[direction] += bytes.byteLength;
      tap?.(line, direction, bytes);
    };
    const pipes = [
      pacedPipe({ from: near, to: far, conditions: conditions.up, passed: watch('up') }),
      pacedPipe({ from: far, to: near, conditions: conditions.down, passed: watch('down') }),
    ];
    open.set(line, { sockets: [near, far], pipes });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      // A line that broke on one side breaks on the other: a proxy keeps no half of one.
      socket.on('error', () => reset(other));
      socket.on('close', () => {
        open.delete(line);
        for (const pipe of pipes) pipe.stop();
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };

  const both = (direction: Direction | undefined): Direction[] => (direction ? [direction] : ['up', 'down']);
  const set = (changes: Partial<Conditions>, direction?: Direction) => {
    for (const one of both(direction)) Object.assign(conditions[one], changes);
    for (const { pipes } of open.values()) for (const pipe of pipes) pipe.changed();
  };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    set,
    partition: (direction) => set({ blocked: true }, direction),
    heal: () => set({ blocked: false }),
    drop(how = 'reset') {
      for (const { sockets } of open.values())
        for (const socket of sockets)
          if (how === 'reset') reset(socket);
          else socket.destroy();
    },
    get accepting() {
      return accepting;
    },
    set accepting(value) {
      accepting = value;
    },
    get lines() {
      return open.size;
    },
    get opened() {
      return opened;
    },
    passed,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { sockets } of open.values()) for (const socket of sockets) socket.destroy();
      }),
  };
}
