import { fail, toTrunklineError, type Clock, type TrunklineError, type Welcome } from '@trunkline/protocol';
import {
  agreedFirst,
  createInbox,
  holdTo,
  passesByItself,
  type Agreed,
  type CoordinatorHandlers,
  type Inbox,
  type Link,
  type LinkDeps,
} from '@trunkline/protocol/line';
import { createFarewell, type Farewell } from '../farewell.ts';
import type { ClientHandlers, Connection } from '../gateway.ts';
import type { RunEvent } from '../run-events.ts';
import type { RelayConfig } from './config.ts';
import { createCrew, type Crew } from './crew.ts';
import { createReception, type Reception } from './reception.ts';
import { createRoundRelay, type RoundRelay } from './round-relay.ts';
import { relayedTrunk } from './relayed-trunk.ts';
import { createScoreRelay, type ScoreRelay } from './score-relay.ts';
import { afterRewind } from './standing.ts';
import { openUpstream, type Upstream } from './upstream.ts';

/** How a relay ended. */
export type RelayOutcome =
  | { readonly kind: 'finished'; readonly rounds: number; readonly sha256: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: TrunklineError };

export interface RelayCoreDeps {
  readonly clock: Clock;
  /** @param again the relay was here before, and that line may not be known to be dead yet */
  readonly link: (deps: LinkDeps, again: boolean) => Link;
  readonly emit: (event: RunEvent) => void;
  readonly traffic: () => { up: number; down: number };
  /** Breaks the clients' lines: they come back and hear the welcome anew. */
  readonly dropLines: () => void;
}

/** The relay itself, between its gateway and its link: a coordinator below, a client above. */
export interface RelayCore {
  /** The run that it relays; rejects where it cannot. */
  readonly welcome: Promise<Welcome>;
  /** Never rejects. */
  readonly done: Promise<RelayOutcome>;
  /** The door is open: its clients are waited for, as long as the relay file says. */
  begin(): void;
  connected(connection: Connection): ClientHandlers;
  disconnected(client: string, reason: string): void;
  fail(error: TrunklineError): void;
  emit(event: RunEvent): void;
  stop(): void;
}

/** All that a relay makes of the welcome. */
interface Session {
  readonly crew: Crew;
  readonly rounds: RoundRelay;
  readonly scores: ScoreRelay;
  readonly inbox: Inbox;
  readonly farewell: Farewell;
  readonly reception: Reception;
  welcome: Welcome;
  agreed: Agreed;
}

export function createRelay(config: RelayConfig, deps: RelayCoreDeps): RelayCore {
  const { clock } = deps;
  let session: Session | undefined;
  let over = false;
  let farewell = false;
  let patience: (() => void) | undefined;
  let greeted: (welcome: Welcome) => void = () => undefined;
  let refused: (error: TrunklineError) => void = () => undefined;
  const welcome = new Promise<Welcome>((resolve, reject) => ([greeted, refused] = [resolve, reject]));
  welcome.catch(() => undefined);
  let settle: (outcome: RelayOutcome) => void = () => undefined;
  const done = new Promise<RelayOutcome>((resolve) => (settle = resolve));

  const end = (outcome: RelayOutcome) => {
    if (over) return;
    over = true;
    patience?.();
    upstream.close();
    settle(outcome);
  };
  const failWith = (thrown: unknown) => {
    if (over) return;
    const error = toTrunklineError(thrown);
    refused(error);
    end({ kind: 'failed', error });
    for (const { connection } of session?.crew.members.all.values() ?? []) connection?.refuse(error);
  };
  const emit = (event: RunEvent) => {
    if (over) return;
    try {
      deps.emit(event);
    } catch (thrown) {
      failWith(thrown);
    }
  };
  const during = (task: Promise<unknown>) => {
    task.catch((thrown: unknown) => {
      if (!over && !farewell && !passesByItself(thrown)) failWith(thrown);
    });
  };
  const entered = (asked: string): Session => agreedFirst(session, asked);

  /** Its clients are waited for no longer than this, while it is not in the run. */
  const wait = () => {
    if (patience || upstream.joined) return;
    patience = clock.after(config.giveUpAfterMs, () => {
      const missing = session!.crew.missing().map((task) => `task ${task}`);
      const seconds = Math.round(config.giveUpAfterMs / 1000);
      if (missing.length > 0) failWith(fail('WAITED_TOO_LONG', { seconds, missing: missing.join(', ') }));
      patience = undefined;
    });
  };
  const waiting = () => {
    const { crew, rounds, scores } = session!;
    const tasks = crew.missing();
    const clients = upstream.joined ? [...rounds.due(), ...scores.due()] : [];
    if (tasks.length + clients.length > 0) emit({ event: 'waiting', clients, tasks, round: crew.at.round });
  };
  const open = (welcome: Welcome): Session => {
    const trunk = relayedTrunk(welcome);
    const crew = createCrew({
      ...{ trunk, clock, welcome, expect: config.expect },
      undelivered: {
        interrupted: (client, version) => emit({ event: 'interrupted', client, version }),
        failed: (client, error) => emit({ event: 'refused', client, message: 'send', error }),
      },
    });
    const inbox = createInbox(trunk.layout.length);
    const link = () => upstream.link();
    const { traffic } = deps;
    const rounds = createRoundRelay({ welcome, trunk, crew, inbox, clock, link, emit, traffic, during });
    const scores = createScoreRelay({ crew, inbox, link, emit });
    const last = createFarewell(crew.members, clock);
    const reception = createReception({
      ...{ crew, rounds, scores, clock, emit, during, waiting, farewell: last },
      welcome: () => session!.welcome,
      joined: () => upstream.joined,
      complete: () => upstream.join(),
      // What its clients say of themselves has changed: the coordinator hears it over a new line.
      astray() {
        emit({ event: 'waiting', clients: [], tasks: crew.missing(), round: crew.at.round });
        upstream.anew();
        wait();
      },
      over: () => over || farewell,
    });
    return { crew, rounds, scores, inbox, farewell: last, reception, welcome, agreed: holdTo(welcome, config.expect) };
  };

  const handlers: CoordinatorHandlers = {
    trunk: (message) => entered('room for a trunk').inbox.announce(message),
    chunk: (message, bytes) => entered('room for a trunk').inbox.chunk(message, bytes),
    round(message) {
      const { agreed, rounds, scores } = entered(`an answer to round ${message.round}`);
      agreed.round(message);
      scores.drop();
      during(rounds.work(message));
    },
    credit: ({ chunks }) => session?.rounds.credit(chunks),
    evaluate(message) {
      const { agreed, scores } = entered(`the scores of trunk ${message.version}`);
      agreed.evaluate(message);
      during(scores.evaluate(message));
    },
    rewind(message) {
      const { crew, rounds, scores } = entered(`a return to round ${message.round}`);
      const { round, attempt } = message;
      crew.turned();
      rounds.drop();
      scores.drop();
      crew.reached({ round, attempt });
      for (const [client, member] of crew.members.all) {
        const before = crew.place(client) ?? { stands: undefined, holds: [] };
        const anew = !before.holds.includes(round);
        crew.move(client, afterRewind(before, { round, attempt }));
        Object.assign(member, { holds: null, cold: false });
        void crew.tell(member, (line) => line.send('rewind', { round, attempt, ...(anew ? { anew } : {}) }));
        if (anew && round > 0) emit({ event: 'anew', client, round });
      }
      emit({ event: 'rewound', round, attempt });
    },
    status(message) {
      const { crew } = entered('attention');
      for (const member of crew.members.all.values()) void crew.tell(member, (line) => line.send('status', message));
    },
    finished(message) {
      const { agreed, farewell: last } = entered('a farewell');
      agreed.finished(message);
      farewell = true;
      const { rounds, sha256 } = message;
      emit({ event: 'finished', rounds, sha256 });
      void last.tell(message).then(() => end({ kind: 'finished', rounds, sha256 }));
    },
  };
  const upstream: Upstream = openUpstream({
    link: deps.link,
    handlers,
    during,
    welcomed(next) {
      if (!session) {
        session = open(next);
        return greeted(next);
      }
      session.inbox.reset();
      if (!session.agreed.renewed(next)) return;
      // More rounds are asked for: each client agrees to that by itself.
      Object.assign(session, { welcome: next, agreed: holdTo(next, config.expect) });
      deps.dropLines();
    },
    told: () => (session && session.crew.missing().length === 0 ? session.crew.join() : undefined),
    joined(reply) {
      patience?.();
      patience = undefined;
      session!.crew.reached(reply);
      emit({ event: 'relayed', relay: config.relay, round: reply.round });
    },
    lost(reason) {
      emit({ event: 'cut-off', relay: config.relay, reason });
      if (session) wait();
    },
    failed: failWith,
  });

  return {
    welcome,
    done,
    begin() {
      waiting();
      wait();
    },
    connected: (connection) => session!.reception.handlers(connection),
    disconnected: (client, reason) => session!.reception.disconnected(client, reason),
    fail: failWith,
    emit,
    stop() {
      session?.farewell.cut();
      end({ kind: 'stopped' });
    },
  };
}
