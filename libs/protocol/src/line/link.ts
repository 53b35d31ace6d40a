import { io, type Socket } from 'socket.io-client';
import {
  coordinatorEvents,
  createPace,
  createRequests,
  Decoder,
  Encoder,
  fail,
  isScattered,
  fromReport,
  limits,
  lineBroken,
  systemClock,
  toTrunklineError,
  TrunklineError,
  watchSilence,
  type Answers,
  type ClientEvent,
  type ClientMessage,
  type ClientToCoordinator,
  type CoordinatorEvent,
  type CoordinatorMessage,
  type CoordinatorToClient,
  type Pace,
  type Reply,
  type Scattered,
} from '../index.ts';
import { answeredText, contributionText, type Identity } from '../seal/index.ts';
import { knock } from './knock.ts';
import { diallingOf, type Route } from './route.ts';
import { routedSocket } from './routed-socket.ts';
import type { ZeroMaskWebSocket } from './zero-mask.ts';

type AnswerOf<E extends ClientEvent> = E extends keyof Answers ? Answers[E] : Record<string, never>;
export type CoordinatorHandlers = {
  [E in CoordinatorEvent]: (
    message: CoordinatorMessage<E>,
    bytes: Scattered,
  ) => E extends keyof Answers ? Answers[E] : void;
};

/** The line to the coordinator. */
export interface Link {
  /** Resolves with the coordinator's answer; rejects with its error, or when the line breaks. */
  request<E extends Exclude<ClientEvent, 'chunk'>>(event: E, message: ClientMessage<E>): Promise<AnswerOf<E>>;
  chunk(message: ClientMessage<'chunk'>, bytes: Uint8Array): Promise<void>;
  /** How much may be under way; left out: a line without delay. */
  readonly pace?: Pace | undefined;
  close(): void;
}

export interface LinkOptions {
  readonly url: string;
  readonly client: string;
  readonly token?: string | undefined;
  /** The key that the coordinator knows this client by, or will. */
  readonly identity: Identity;
  readonly route: Route;
  /** In [0, 1): spreads the moments at which clients that lost one coordinator come back. */
  readonly random: () => number;
  /** How long the first connection is tried, and how long later ones. */
  readonly firstMs: number;
  readonly laterMs: number;
  /** A process before this one was in the run: its line may not be known to be dead yet. */
  readonly restarted?: boolean;
}

export interface LinkDeps {
  readonly handlers: CoordinatorHandlers;
  /** The line stands, for the first time or again. */
  connected(): void;
  lost(reason: string): void;
  /** The line will not come back: refused, unreachable for too long, or another protocol. Called once. */
  failed(error: TrunklineError): void;
}

/** Short enough that a run goes on within two seconds of its coordinator’s return. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [100, 1_000];

/** A refusal is final, but for those that a new challenge or a moment's patience takes away. @param mine the line that stands may be one of this client's own */
const passes = ({ code }: TrunklineError, mine: boolean): boolean =>
  code === 'CHALLENGE_STALE' || code === 'COORDINATOR_BUSY' || (mine && code === 'CLIENT_DUPLICATE');

/** Opens the line and keeps it: reconnects with growing pauses. The only file that knows socket.io-client. */
export function openLink(options: LinkOptions, deps: LinkDeps): Link {
  const { url, client, identity, route } = options;
  const socket: Socket<CoordinatorToClient, ClientToCoordinator> = io(url, {
    transports: [routedSocket(diallingOf(url, route))],
    parser: { Encoder, Decoder },
    forceNew: true,
    // Each connection answers a challenge of its own, which socket.io's own way to come back does not know.
    autoConnect: false,
    reconnection: false,
  } as Parameters<typeof io>[1]);
  const begun = now();
  let stood = false;
  let over = false;
  let patience: NodeJS.Timeout | undefined;
  let pace = createPace(now);
  let stopWatching: () => void = () => undefined;
  const transport = () => socket.io.engine.transport as ZeroMaskWebSocket;
  const requests = createRequests({
    emit: (event, args, acknowledge) => void emitter(socket).emit(event, ...args, acknowledge),
    connected: () => socket.connected,
    clock: systemClock,
    silent: () => transport().cut(),
  });

  const failOnce = (error: TrunklineError) => {
    if (over) return;
    over = true;
    clearTimeout(patience);
    clearTimeout(next);
    socket.close();
    requests.broken(error);
    deps.failed(error);
  };
  const wait = (ms: number, error: () => TrunklineError) => {
    clearTimeout(patience);
    patience = setTimeout(() => failOnce(error()), ms);
  };

  let lastReason = 'no answer';
  /** By whoever answered last. */
  let refused: TrunklineError | undefined;
  let tries = 0;
  let next: NodeJS.Timeout | undefined;
  /** What the coordinator calls the run: signatures are for this run alone. */
  let run = '';
  const comeAgain = () => {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries++);
    clearTimeout(next);
    next = setTimeout(() => void come(), pause * (0.5 + options.random()));
  };
  const come = async () => {
    try {
      const extraHeaders = await knock(options);
      if (over) return;
      Object.assign(socket.io.opts, { extraHeaders });
      socket.connect();
    } catch (thrown) {
      missed(thrown);
    }
  };
  const missed = (cause: unknown) => {
    if (over) return;
    // After a break the old connection of this same client may not have been noticed as dead; a process before this one may be about to end.
    const mine = stood || (options.restarted === true && now() < begun + limits.duplicateMs);
    if (cause instanceof TrunklineError && !passes(cause, mine)) return failOnce(cause);
    refused = cause instanceof TrunklineError ? cause : undefined;
    lastReason = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
    comeAgain();
  };
  wait(options.firstMs, () => refused ?? fail('COORDINATOR_UNREACHABLE', { url, reason: `${lastReason}.` }));
  socket.on('connect', () => {
    clearTimeout(patience);
    stood = true;
    tries = 0;
    // Another line, perhaps over another network: what the one before could carry says nothing of it.
    pace = createPace(now);
    const line = transport();
    stopWatching = watchSilence({ received: () => line.received, clock: systemClock, dead: () => line.cut() });
    deps.connected();
  });
  socket.on('connect_error', (thrown: Error & { description?: { error?: Error } }) => {
    missed(thrown.description?.error ?? thrown);
  });
  socket.on('refused', (report) => failOnce(fromReport(report)));
  socket.on('disconnect', (reason) => {
    stopWatching();
    requests.broken(lineBroken(reason));
    if (over) return;
    deps.lost(reason);
    wait(options.laterMs, () => fail('CONNECTION_LOST', { url, seconds: Math.round(options.laterMs / 1000) }));
    comeAgain();
  });
  listen(socket, deps.handlers);
  void come();

  /** Signs what counts only with a signature. */
  const sealed = (event: string, message: object): object => {
    const place = { run, client };
    if (event === 'contribution') {
      const signature = identity.sign(contributionText(place, message as ClientMessage<'contribution'>));
      return { ...message, signature };
    }
    if (event !== 'answered') return message;
    return { ...message, signature: identity.sign(answeredText(place, message as ClientMessage<'answered'>)) };
  };

  return {
    async request(event, message) {
      const value = await requests.ask(event, sealed(event, message));
      if (event === 'hello') ({ run } = value as { run: string });
      return value as never;
    },
    chunk: async (message, bytes) => void (await requests.ask('chunk', message, bytes)),
    get pace() {
      return pace;
    },
    close() {
      over = true;
      clearTimeout(patience);
      clearTimeout(next);
      stopWatching();
      socket.close();
    },
  };
}

/** The event map's generic signature cannot be expressed for a loop over its keys; every argument is checked where it arrives. */
const emitter = (socket: Socket<CoordinatorToClient, ClientToCoordinator>): NodeJS.EventEmitter =>
  socket as unknown as NodeJS.EventEmitter;
const now = () => performance.now();

/** Every message is checked before anyone acts on it, and acknowledged. */
function listen(socket: Socket<CoordinatorToClient, ClientToCoordinator>, handlers: CoordinatorHandlers): void {
  for (const event of Object.keys(coordinatorEvents) as CoordinatorEvent[]) {
    emitter(socket).on(event, (...args: unknown[]) => {
      const acknowledge =
        typeof args.at(-1) === 'function' ? (args.pop() as (reply: Reply<unknown>) => void) : () => undefined;
      try {
        const parsed = coordinatorEvents[event].safeParse(args[0]);
        if (!parsed.success) throw fail('MESSAGE_INVALID', { event, problem: parsed.error.issues[0]!.message });
        if (event === 'chunk' && !isScattered(args[1])) throw fail('MESSAGE_INVALID', { event, problem: 'no bytes' });
        const handle = handlers[event] as (message: unknown, bytes: unknown) => unknown;
        acknowledge({ ok: true, value: handle(parsed.data, args[1]) ?? {} });
      } catch (thrown) {
        acknowledge({ ok: false, error: toTrunklineError(thrown).report() });
      }
    });
  }
}
