import { io, type Socket } from 'socket.io-client';
import {
  coordinatorEvents,
  Decoder,
  Encoder,
  fail,
  fromReport,
  handshake,
  limits,
  PROTOCOL_VERSION,
  toTrunklineError,
  TrunklineError,
  type Answers,
  type ClientEvent,
  type ClientMessage,
  type ClientToCoordinator,
  type CoordinatorEvent,
  type CoordinatorMessage,
  type CoordinatorToClient,
  type Reply,
} from '@trunkline/protocol';
import { ZeroMaskWebSocket } from './zero-mask.ts';

type AnswerOf<E extends ClientEvent> = E extends keyof Answers ? Answers[E] : Record<string, never>;
export type CoordinatorHandlers = {
  [E in CoordinatorEvent]: (message: CoordinatorMessage<E>, bytes: Uint8Array) => void;
};

/** The line to the coordinator. */
export interface Link {
  /** Resolves with the coordinator's answer; rejects with its error, or when the line breaks. */
  request<E extends Exclude<ClientEvent, 'chunk'>>(event: E, message: ClientMessage<E>): Promise<AnswerOf<E>>;
  chunk(message: ClientMessage<'chunk'>, bytes: Uint8Array): Promise<void>;
  close(): void;
}

export interface LinkOptions {
  readonly url: string;
  readonly client: string;
  readonly token?: string | undefined;
  /** How long the first connection is tried, and how long later ones. */
  readonly firstMs: number;
  readonly laterMs: number;
}

export interface LinkDeps {
  readonly handlers: CoordinatorHandlers;
  /** The line stands, for the first time or again. */
  connected(): void;
  lost(reason: string): void;
  /** The line will not come back: refused, unreachable for too long, or another protocol. Called once. */
  failed(error: TrunklineError): void;
}

/** Opens the line and keeps it: reconnects with growing pauses. The only file that knows socket.io-client. */
export function openLink(options: LinkOptions, deps: LinkDeps): Link {
  const { url, client, token } = options;
  const socket: Socket<CoordinatorToClient, ClientToCoordinator> = io(url, {
    transports: [ZeroMaskWebSocket],
    parser: { Encoder, Decoder },
    forceNew: true,
    reconnectionDelay: 100,
    reconnectionDelayMax: 5_000,
    extraHeaders: {
      [handshake.protocol]: String(PROTOCOL_VERSION),
      [handshake.client]: client,
      ...(token === undefined ? {} : { [handshake.authorization]: `Bearer ${token}` }),
    },
  } as Parameters<typeof io>[1]);
  let stood = false;
  let over = false;
  let patience: NodeJS.Timeout | undefined;
  const pending = new Set<(error: Error) => void>();

  const failOnce = (error: TrunklineError) => {
    if (over) return;
    over = true;
    clearTimeout(patience);
    socket.close();
    for (const reject of pending) reject(error);
    deps.failed(error);
  };
  const wait = (ms: number, error: () => TrunklineError) => {
    clearTimeout(patience);
    patience = setTimeout(() => failOnce(error()), ms);
  };

  let lastReason = 'no answer';
  wait(options.firstMs, () => fail('COORDINATOR_UNREACHABLE', { url, reason: `${lastReason}.` }));
  socket.on('connect', () => {
    clearTimeout(patience);
    stood = true;
    deps.connected();
  });
  socket.on('connect_error', (thrown: Error & { description?: { error?: Error } }) => {
    const cause = thrown.description?.error ?? thrown;
    // A refusal is final, but for one: after a break the old connection of this same client may not have been noticed as dead.
    if (cause instanceof TrunklineError && !(stood && cause.code === 'CLIENT_DUPLICATE')) return failOnce(cause);
    lastReason = (cause as NodeJS.ErrnoException).code ?? cause.message;
  });
  socket.on('refused', (report) => failOnce(fromReport(report)));
  socket.on('disconnect', (reason) => {
    for (const reject of pending) reject(new Error(`connection lost: ${reason}`));
    pending.clear();
    if (over) return;
    deps.lost(reason);
    wait(options.laterMs, () => fail('CONNECTION_LOST', { url, seconds: Math.round(options.laterMs / 1000) }));
    // socket.io does not come back by itself when the other side ended the connection on purpose.
    if (reason === 'io server disconnect') socket.connect();
  });
  listen(socket, deps.handlers);

  const request = (event: string, ...args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (!socket.connected) return reject(new Error('not connected'));
      pending.add(reject);
      const emit = socket.timeout(limits.ackMs * 10) as unknown as { emit(event: string, ...args: unknown[]): void };
      emit.emit(event, ...args, (late: Error | null, reply: Reply<unknown> | undefined) => {
        pending.delete(reject);
        if (late || !reply) reject(late ?? new Error('no reply'));
        else if (reply.ok) resolve(reply.value);
        else reject(fromReport(reply.error));
      });
    });
  return {
    request: (event, message) => request(event, message) as never,
    chunk: async (message, bytes) => void (await request('chunk', message, bytes)),
    close() {
      over = true;
      clearTimeout(patience);
      socket.close();
    },
  };
}

/** Every message is checked before anyone acts on it, and acknowledged. */
function listen(socket: Socket<CoordinatorToClient, ClientToCoordinator>, handlers: CoordinatorHandlers): void {
  for (const event of Object.keys(coordinatorEvents) as CoordinatorEvent[]) {
    (socket as unknown as { on(event: string, listener: (...args: unknown[]) => void): void }).on(event, (...args) => {
      const acknowledge =
        typeof args.at(-1) === 'function' ? (args.pop() as (reply: Reply<unknown>) => void) : () => undefined;
      try {
        const parsed = coordinatorEvents[event].safeParse(args[0]);
        if (!parsed.success) throw fail('MESSAGE_INVALID', { event, problem: parsed.error.issues[0]!.message });
        if (event === 'chunk' && !(args[1] instanceof Uint8Array))
          throw fail('MESSAGE_INVALID', { event, problem: 'no bytes' });
        (handlers[event] as (message: unknown, bytes: unknown) => void)(parsed.data, args[1]);
        acknowledge({ ok: true, value: {} });
      } catch (thrown) {
        acknowledge({ ok: false, error: toTrunklineError(thrown).report() });
      }
    });
  }
}
