import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import { Server, type Socket } from 'socket.io';
import {
  clientEvents,
  createPace,
  createRequests,
  Decoder,
  Encoder,
  fail,
  handshake,
  leaveUnjoined,
  limits,
  lineBroken,
  systemClock,
  watchSilence,
  toTrunklineError,
  type Answers,
  type ClientEvent,
  type ClientMessage,
  type ClientToCoordinator,
  type CoordinatorEvent,
  type CoordinatorMessage,
  type CoordinatorToClient,
  type Pace,
  type Requests,
  type Scattered,
  type TrunklineError,
} from '@trunkline/protocol';
import type { Admitted, Knock } from './door/admission.ts';
import { createAllowance, refusalAllowances, type Allowance } from './allowance.ts';
import { hearMessage } from './hear-message.ts';
import { heldReader, type Reader } from './held-reader.ts';
import { createLoopTurn, type LoopTurn } from './loop-turn.ts';

/** The line to one admitted client. */
export interface Connection {
  readonly client: string;
  /** Resolves with the client's answer when it has the message; rejects when the line breaks or the client answers with an error. */
  send<E extends Exclude<CoordinatorEvent, 'chunk'>>(event: E, message: CoordinatorMessage<E>): Promise<AnswerTo<E>>;
  chunk(message: CoordinatorMessage<'chunk'>, bytes: Uint8Array): Promise<void>;
  /** How much may be under way; left out: a line without delay. */
  readonly pace?: Pace;
  /** Asks for any sign of life; it shows in the bytes that come in. */
  ping?(): void;
  /** Says why and ends the connection. */
  refuse(error: TrunklineError): void;
  close(): void;
}

type AnswerTo<E extends CoordinatorEvent> = E extends keyof Answers ? Answers[E] : unknown;
type AnswerOf<E extends ClientEvent> = E extends keyof Answers ? Answers[E] : void;
export type ClientHandlers = {
  [E in ClientEvent]: (message: ClientMessage<E>, bytes: Scattered) => AnswerOf<E> | Promise<AnswerOf<E>>;
};

export interface GatewayDeps {
  /** Decides before the upgrade; what it rejects with is sent as the HTTP answer and no WebSocket comes to be. */
  admit(knock: Knock, line: NetSocket): Promise<Admitted>;
  /** The line of an admitted client is gone, whether it ever carried a message or not. May be said twice. */
  closed(admitted: Admitted): void;
  /** The socket of an admitted client, for what it carries. */
  opened?(client: string, line: NetSocket): void;
  connected(connection: Connection, admitted: Admitted): ClientHandlers;
  disconnected(client: string, reason: string): void;
  /** A message was answered with an error. */
  refused(client: string, event: string, error: TrunklineError): void;
}

/** Where the network ends: admission, checks of every message, acknowledgements. The only file that knows socket.io. */
export function openGateway(server: HttpServer, deps: GatewayDeps): { close(): Promise<void> } {
  const admitted = new WeakMap<IncomingMessage, Admitted>();
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
      const enter = (one: Admitted) => {
        admitted.set(request, one);
        request.socket.once('close', () => deps.closed(one));
        decide(null, true);
        // It went while it was judged.
        if (request.socket.destroyed) deps.closed(one);
      };
      const refuse = (thrown: unknown) => decide(JSON.stringify(toTrunklineError(thrown).report()), false);
      deps.admit(knockOf(request), request.socket).then(enter, refuse);
    },
  });
  const allowances = refusalAllowances(systemClock);
  const turn = createLoopTurn(limits.turn, systemClock);
  const lines = new WeakSet<object>();
  io.on('connection', (socket) => {
    // One line carries one client: a second greeting in the same breath would make two of it.
    if (lines.has(socket.conn)) return void socket.conn.close();
    lines.add(socket.conn);
    attach({ socket, admitted: admitted.get(socket.request)!, turn }, deps, allowances);
  });
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
  key: header(request, handshake.key),
  nonce: header(request, handshake.nonce),
  signature: header(request, handshake.signature),
  address: request.socket.remoteAddress ?? 'unknown',
});

type Line = Socket<ClientToCoordinator, CoordinatorToClient>;

function attach(
  { socket, admitted, turn }: { socket: Line; admitted: Admitted; turn: LoopTurn },
  deps: GatewayDeps,
  allowances: (client: string) => Allowance,
): void {
  const { client } = admitted;
  const allowance = allowances(client);
  const line = socket.request.socket;
  deps.opened?.(client, line);
  const requests = createRequests({
    emit: (event, args, acknowledge) => void emitter(socket).emit(event, ...args, acknowledge),
    connected: () => socket.connected,
    clock: systemClock,
    // Not `disconnect`: it waits until all is written, and nothing moves any more.
    silent: () => line.destroy(),
  });
  const connection = connectionOf(socket, client, { requests, turn });
  const hearing = {
    client,
    handlers: deps.connected(connection, admitted),
    refused: (...what: Parameters<GatewayDeps['refused']>) => deps.refused(...what),
    allowance,
    refuse: (error: TrunklineError) => connection.refuse(error),
    unanswered: 0,
  };
  for (const event of Object.keys(clientEvents) as ClientEvent[])
    emitter(socket).on(event, (...args) => void hearMessage(event, args, hearing));
  leaveUnjoined(webSocketOf(socket));
  slowDown(socket, turn);
  const stop = watchSilence({
    received: () => line.bytesRead,
    clock: systemClock,
    dead: () => line.destroy(),
  });
  // A frame that is no message: the transport ends the line after this, an honest side never comes here.
  socket.on('error', (error) => {
    if (allowance.spend())
      deps.refused(client, 'frame', fail('FRAME_REFUSED', { client, problem: error.message }, error));
  });
  socket.on('disconnect', (reason) => {
    stop();
    deps.closed(admitted);
    requests.broken(lineBroken(reason));
    deps.disconnected(client, reason);
  });
}

/** The event map's generic signature cannot be expressed for a loop over its keys; every argument is checked where it arrives. */
const emitter = (socket: Line): NodeJS.EventEmitter => socket;

/** Of ws, below socket.io. */
const webSocketOf = (socket: Line): Reader & { ping(): void } =>
  (socket.conn.transport as unknown as { socket: Reader & { ping(): void } }).socket;

/**
 * Reads no line while the lines have used up their turn of the event loop, and one that sends more packets than any run needs only as fast as it
 * may send them: TCP then slows its sender down.
 */
function slowDown(socket: Line, turn: LoopTurn): void {
  const packets = createAllowance(limits.packets, systemClock);
  const reader = heldReader(webSocketOf(socket));
  let paused = false;
  socket.conn.on('packet', () => {
    if (packets.spend() || paused) return;
    paused = true;
    const release = reader.hold();
    systemClock.after(Math.max(20, packets.waitMs), () => {
      paused = false;
      release();
    });
  });
  let waits = false;
  socket.request.socket.on('data', (bytes: Uint8Array) => {
    turn.carried(bytes.byteLength);
    if (waits || !turn.spent) return;
    waits = true;
    const release = reader.hold();
    turn.later(() => {
      waits = false;
      release();
    });
  });
}

function connectionOf(
  socket: Line,
  client: string,
  { requests, turn }: { requests: Requests; turn: LoopTurn },
): Connection {
  /** Ends the line once what was said is written; one that takes nothing any more is ended all the same. */
  const part = () => {
    const line = socket.request.socket;
    socket.disconnect(true);
    const cancel = systemClock.after(limits.partingMs, () => line.destroy());
    line.once('close', cancel);
  };
  return {
    client,
    pace: createPace(() => performance.now()),
    send: (event, message) => requests.ask(event, message) as never,
    async chunk(message, bytes) {
      while (turn.spent) await new Promise<void>((resolve) => turn.later(resolve));
      turn.carried(bytes.byteLength);
      await requests.ask('chunk', message, bytes);
    },
    // Answered below everything that the client does.
    ping: () => webSocketOf(socket).ping(),
    refuse(error) {
      socket.emit('refused', error.report());
      part();
    },
    close: part,
  };
}
