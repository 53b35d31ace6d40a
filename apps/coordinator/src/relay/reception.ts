import type { Clock, Join, Joined, Welcome } from '@trunkline/protocol';
import { machineText, refuseOtherTrunk } from '../conversation.ts';
import type { Farewell } from '../farewell.ts';
import type { ClientHandlers, Connection } from '../gateway.ts';
import type { RunEvent } from '../run-events.ts';
import type { Crew } from './crew.ts';
import type { RoundRelay } from './round-relay.ts';
import type { ScoreRelay } from './score-relay.ts';
import { inPlace } from './standing.ts';

/** What a client of a relay may say, and what it is answered. */
export interface Reception {
  handlers(connection: Connection): ClientHandlers;
  disconnected(client: string, reason: string): void;
}

export interface ReceptionDeps {
  readonly crew: Crew;
  readonly rounds: RoundRelay;
  readonly scores: ScoreRelay;
  readonly farewell: Farewell;
  readonly clock: Clock;
  readonly welcome: () => Welcome;
  readonly emit: (event: RunEvent) => void;
  readonly during: (task: Promise<unknown>) => void;
  /** The relay is in the run. */
  readonly joined: () => boolean;
  /** All its clients are there. */
  readonly complete: () => void;
  /** A client is back that stands elsewhere than the others. */
  readonly astray: () => void;
  /** Says who is waited for. */
  readonly waiting: () => void;
  /** The run is over. */
  readonly over: () => boolean;
}

export function createReception({ crew, rounds, scores, clock, emit, ...deps }: ReceptionDeps): Reception {
  const { members } = crew;
  const leaving = new Map<string, string>();

  const arrived = (connection: Connection, { stands, holds = [] }: Join, before: boolean) => {
    const { client } = connection;
    if (members.all.get(client)?.connection !== connection) return;
    const began = crew.place(client)?.stands !== undefined;
    const { at } = crew;
    const where = { ...at, training: !scores.scoring, answered: rounds.hasAnswered(client) };
    const astray = deps.joined() && before && began && stands !== undefined && !inPlace(stands, where);
    crew.move(client, { stands, holds });
    if (stands === undefined && began) {
      members.all.get(client)!.cold = deps.welcome().warmup > 0;
      emit({ event: 'anew', client, round: at.round });
    }
    if (astray) return deps.astray();
    if (!deps.joined()) return crew.missing().length > 0 ? deps.waiting() : deps.complete();
    if (rounds.due().includes(client)) deps.during(rounds.desk.ask(client));
    if (scores.due().includes(client)) deps.during(scores.ask(client));
  };

  const seat = (connection: Connection, message: Join): Joined => {
    const { client } = connection;
    // Said twice over one line: it is seated, and may have moved on since.
    if (members.all.get(client)?.connection === connection) return crew.at;
    const again = members.all.has(client);
    const member = members.seat(connection, message);
    if (deps.over()) {
      clock.soon(() => deps.farewell.back(member));
      return crew.at;
    }
    const labelled = Object.fromEntries(member.offers.map(({ id, labelled: rows }) => [id, rows]));
    emit({
      ...{ event: 'joined', client, labelled, again },
      tasks: member.offers.map(({ id }) => id),
      backend: machineText(message.machine),
    });
    // The acknowledgement goes out before the first call.
    clock.soon(() => arrived(connection, message, again));
    return crew.at;
  };

  return {
    handlers: (connection) => {
      const { client } = connection;
      return {
        hello(message) {
          const welcome = deps.welcome();
          refuseOtherTrunk(client, message, { run: welcome.run, digest: welcome.trunk.digest });
          return welcome;
        },
        join: (message) => seat(connection, message),
        contribution: (message) => rounds.desk.announce(client, message),
        chunk: (message, bytes) => rounds.desk.chunk(client, message, bytes),
        ready: (message) => rounds.desk.ready(client, message),
        answered: (message) => rounds.answered(client, message),
        scores: (message) => clock.soon(() => deps.during(scores.scored(client, message))),
        leave: ({ reason }) => void leaving.set(client, reason),
      };
    },
    disconnected(client, broken) {
      const reason = leaving.get(client) ?? broken;
      leaving.delete(client);
      const member = members.all.get(client);
      if (!member?.connection || deps.over()) return;
      member.connection = null;
      rounds.desk.left(client);
      emit({ event: 'left', client, reason });
      // Whoever was never in the run frees its place; the seat of one that was is kept for it.
      if (crew.place(client)?.stands === undefined && !deps.joined()) crew.remove(client);
      deps.waiting();
    },
  };
}
