import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import { Server, type Socket } from 'socket.io';
import {
  clientEvents,
  Decoder,
  Encoder,
  fail,
  fromReport,
  handshake,
  limits,
  toTrunklineError,
  type Answers,
  type ClientEvent,
  type ClientMessage,
  type ClientToCoordinator,
  type CoordinatorEvent,
  type CoordinatorMessage,
  type CoordinatorToClient,
  type Reply,
  type TrunklineError,
} from '@trunkline/protocol';

/** What a stranger shows before anything is allocated for it. */
export interface Knock {
  readonly protocol: string | undefined;
  readonly client: string | undefined;
  readonly authorization: string | undefined;
  readonly address: string;
}

/** The line to one admitted client. */
export interface Connection {
  readonly client: string;
  /** Resolves when the client has the message; rejects when the line breaks or the client answers with an error. */
  send<E extends Exclude<CoordinatorEvent, 'chunk'>>(event: E, message: CoordinatorMessage<E>): Promise<void>;
  chunk(message: CoordinatorMessage<'chunk'>, bytes: Uint8Array): Promise<void>;
  /** Says why and ends the connection. */
  refuse(error: TrunklineError): void;
  close(): void;
}

type AnswerOf<E extends ClientEvent> = E extends keyof Answers ? Answers[E] : void;
export type ClientHandlers = {
  [E in ClientEvent]: (message: ClientMessage<E>, bytes: Uint8Array) => AnswerOf<E> | Promise<AnswerOf<E>>;
};

export interface GatewayDeps {
  /** Decides before the upgrade; an error is sent as the HTTP answer and no WebSocket comes to be. */
  admit(knock: Knock): TrunklineError | null;
  /** The socket of an admitted client, for what it carries. */
  opened?(client: string, line: NetSocket): void;
  connected(connection: Connection): ClientHandlers;
  disconnected(client: string, reason: string): void;
  /** A message was answered with an error. */
  refused(client: string, event: string, error: TrunklineError): void;
}

/** Where the network ends: admission, checks of every message, acknowledgements. The only file that knows socket.io. */
export function openGateway(server: HttpServer, deps: GatewayDeps): { close(): Promise<void> } {
  const io = new Server<ClientToCoordinator, CoordinatorToClient>(server, {
    transports: ['websocket'],
    parser: { Encoder, Decoder },
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: limits.frameBytes,
    pingInterval: limits.pingIntervalMs,
    pingTimeout: limits.pingTimeoutMs,
    serveClient: false,
    allowRequest: (request, decide) => {
      const error = deps.admit(knockOf(request));
      decide(error ? JSON.stringify(error.report()) : null, error === null);
    },
  });
  io.on('connection', (socket) => attach(socket, deps));
  return { close: () => io.close() };
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

const knockOf = (request: IncomingMessage): Knock => ({
  protocol: header(request, handshake.protocol),
  client: header(request, handshake.client),
  authorization: header(request, handshake.authorization),
  address: request.socket.remoteAddress ?? 'unknown',
});

function attach(socket: Socket<ClientToCoordinator, CoordinatorToClient>, deps: GatewayDeps): void {
  const client = header(socket.request, handshake.client)!;
  deps.opened?.(client, socket.request.socket);
  const handlers = deps.connected(connectionOf(socket, client));
  for (const event of Object.keys(clientEvents) as ClientEvent[]) {
    // The event map's generic signature cannot be expressed for a loop over its keys; every argument is checked below.
    (socket as unknown as { on(event: string, listener: (...args: unknown[]) => void): void }).on(event, (...args) => {
      void answer(event, args, { client, handlers, deps });
    });
  }
  socket.on('disconnect', (reason) => deps.disconnected(client, reason));
}

async function answer(
  event: ClientEvent,
  args: unknown[],
  to: { client: string; handlers: ClientHandlers; deps: GatewayDeps },
): Promise<void> {
  const acknowledge =
    typeof args.at(-1) === 'function' ? (args.pop() as (reply: Reply<unknown>) => void) : () => undefined;
  try {
    const [message, bytes] = args;
    const parsed = clientEvents[event].safeParse(message);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw fail('MESSAGE_INVALID', { event, problem: `${issue.path.join('.') || 'message'}: ${issue.message}` });
    }
    if (event === 'chunk' && !(bytes instanceof Uint8Array))
      throw fail('MESSAGE_INVALID', { event, problem: 'no bytes' });
    const handle = to.handlers[event] as (message: unknown, bytes: unknown) => unknown;
    const value = (await handle(parsed.data, bytes)) ?? {};
    acknowledge({ ok: true, value });
  } catch (thrown) {
    const error = toTrunklineError(thrown);
    to.deps.refused(to.client, event, error);
    acknowledge({ ok: false, error: error.report() });
  }
}

function connectionOf(socket: Socket<ClientToCoordinator, CoordinatorToClient>, client: string): Connection {
  // socket.io lets an acknowledgement run into its time-out when the line breaks; whoever waits should know at once.
  const pending = new Set<(error: Error) => void>();
  socket.on('disconnect', (reason) => {
    for (const reject of pending) reject(new Error(`connection lost: ${reason}`));
    pending.clear();
  });
  const request = (event: string, ...args: unknown[]) =>
    new Promise<void>((resolve, reject) => {
      if (socket.disconnected) return reject(new Error('connection lost'));
      pending.add(reject);
      const emit = socket.timeout(limits.ackMs) as unknown as { emit(event: string, ...args: unknown[]): void };
      emit.emit(event, ...args, (lost: Error | null, reply: Reply<unknown> | undefined) => {
        pending.delete(reject);
        if (lost || !reply) reject(lost ?? new Error('no reply'));
        else if (reply.ok) resolve();
        else reject(fromReport(reply.error));
      });
    });
  return {
    client,
    send: (event, message) => request(event, message),
    chunk: (message, bytes) => request('chunk', message, bytes),
    refuse(error) {
      socket.emit('refused', error.report());
      socket.disconnect(true);
    },
    close: () => void socket.disconnect(true),
  };
}
