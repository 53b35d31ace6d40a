import type { Clock, TrunklineError } from '@trunkline/protocol';
import type { ControlRequest } from './control-messages.ts';
import type { Core } from './core-contract.ts';
import type { ClientHandlers, Connection } from './gateway.ts';
import { operatorView, type OperatorView } from './operator-view.ts';
import type { Plan } from './plan.ts';
import { createPulses, type Pulses } from './pulse.ts';
import type { RunEvent, Sink } from './run-events.ts';
import { emptyRecord, record } from './run-record.ts';
import { createHub } from './sinks/hub.ts';

/** What a live run shows of itself: to its terminal, to the control socket, to `/metrics` and the dashboard. */
export interface Surface {
  /** Hears of every event, as `withTraffic` gave it. */
  readonly sink: Sink;
  readonly withTraffic: <E extends RunEvent>(event: E) => E;
  /** Follows live events. */
  readonly follow: (hear: Sink) => () => void;
  readonly opened: Pulses['opened'];
  /** The same line, with its transfers watched. */
  readonly watched: (connection: Connection) => Connection;
  /** The same handlers, listened to. */
  readonly heard: (connection: Connection, handlers: ClientHandlers) => ClientHandlers;
  /** Somebody was turned away before anything was allocated for it. Kept in bounded memory, and in no log: strangers must not fill a disk. */
  readonly turnedAway: (client: string | undefined, error: TrunklineError) => void;
  readonly view: (core: Pick<Core, 'status'>) => OperatorView;
  /** What the control socket answers with. */
  readonly answer: (core: Pick<Core, 'status' | 'pause' | 'resume' | 'stop'>, request: ControlRequest['do']) => unknown;
}

/** @param ca the certificate that clients need as `--ca`, where they need one */
export function createSurface(plan: Plan, clock: Clock, ca: string | null): Surface {
  const told = emptyRecord();
  const pulses = createPulses(clock);
  const hub = createHub();
  const view: Surface['view'] = (core) =>
    operatorView({
      ca,
      record: told,
      planned: plan.config.rounds,
      now: clock.date().getTime(),
      live: {
        pid: process.pid,
        ...core.status(),
        deadlineMs: plan.pace.patience.deadlineMs,
        pulse: pulses.of,
      },
    });
  return {
    sink(event, at) {
      record(told, event, at);
      hub.sink(event, at);
    },
    withTraffic: pulses.withTraffic,
    follow: hub.follow,
    opened: pulses.opened,
    watched: (connection) => ({
      ...connection,
      async chunk(message, bytes) {
        await connection.chunk(message, bytes);
        pulses.moved(connection.client);
      },
    }),
    heard: ({ client }, handlers) => ({
      ...handlers,
      contribution(message, bytes) {
        pulses.moved(client);
        return handlers.contribution(message, bytes);
      },
      answered(message, bytes) {
        pulses.moved(client);
        pulses.answered(client, message);
        return handlers.answered(message, bytes);
      },
      scores(message, bytes) {
        pulses.moved(client);
        return handlers.scores(message, bytes);
      },
    }),
    turnedAway(client, error) {
      const event = { event: 'refused', client: nameOf(client), message: 'admission', error: error.report() } as const;
      record(told, event, clock.date());
    },
    view,
    answer(core, request) {
      if (request === 'pause' || request === 'resume' || request === 'stop') core[request]();
      const { run, state, round } = view(core);
      return request === 'status' ? view(core) : { run, state, round };
    },
  };
}

/** What a stranger calls itself is shown only where it could be a name. */
const nameOf = (given: string | undefined): string =>
  given !== undefined && /^[a-z0-9-]{1,64}$/.test(given) ? given : 'a stranger without a valid name';
