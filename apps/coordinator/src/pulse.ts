import type { Socket } from 'node:net';
import type { AnsweredMessage, Clock } from '@trunkline/protocol';
import type { ClientRound, RunEvent } from './run-events.ts';

/** What a client's line shows by itself. Times are milliseconds since 1970. */
export interface Pulse {
  /** Liveness: when anything came, heartbeats included. */
  readonly heardAt: number;
  /** Progress: when part of an answer or of the trunk moved; heartbeats and acknowledgements of requests do not count. */
  readonly movedAt: number;
  readonly up: number;
  readonly down: number;
}

/** Heartbeats and acknowledgements are smaller: more at once is part of something that is being sent. */
const SMALL_BYTES = 256;

/** Watches the lines of all connected clients: liveness and progress are two clocks, and a slow client is not a dead one. */
export interface Pulses {
  /** A client's line stands. `line` is its socket, under TLS the one within. */
  readonly opened: (client: string, line: Socket) => void;
  readonly of: (client: string) => Pulse | null;
  /** It said something of its own accord, or has another part of the trunk. */
  readonly moved: (client: string) => void;
  readonly answered: (client: string, message: AnsweredMessage) => void;
  /** Adds to a `round` event what each line carried and how many rows each answer is made of, since the event before. */
  readonly withTraffic: <E extends RunEvent>(event: E) => E;
}

interface Line {
  readonly socket: Socket;
  heardAt: number;
  movedAt: number;
  /** What of the socket's counts is told already. */
  up: number;
  down: number;
}

export function createPulses(clock: Clock): Pulses {
  const lines = new Map<string, Line>();
  const rows = new Map<string, number>();
  const wall = () => clock.date().getTime();
  return {
    opened(client, socket) {
      const now = wall();
      const line: Line = { socket, heardAt: now, movedAt: now, up: 0, down: 0 };
      lines.set(client, line);
      socket.on('data', ({ length }: Buffer) => {
        line.heardAt = wall();
        if (length > SMALL_BYTES) line.movedAt = line.heardAt;
      });
      socket.once('close', () => {
        if (lines.get(client) === line) lines.delete(client);
      });
    },
    of(client) {
      const line = lines.get(client);
      if (!line) return null;
      const { heardAt, movedAt, socket } = line;
      return { heardAt, movedAt, up: socket.bytesRead, down: socket.bytesWritten };
    },
    moved(client) {
      const line = lines.get(client);
      if (line) line.movedAt = wall();
    },
    answered(client, { losses }) {
      rows.set(client, (rows.get(client) ?? 0) + losses.reduce((sum, { labelled }) => sum + labelled, 0));
    },
    withTraffic(event) {
      if (event.event !== 'round') return event;
      const clients: Record<string, ClientRound> = {};
      for (const [client, timing] of Object.entries(event.clients)) {
        const line = lines.get(client);
        clients[client] = { ...timing, rows: rows.get(client) ?? 0, ...(line ? carried(line) : {}) };
        rows.delete(client);
      }
      return { ...event, clients };
    },
  };
}

function carried(line: Line): { up: number; down: number } {
  const { bytesRead, bytesWritten } = line.socket;
  const since = { up: bytesRead - line.up, down: bytesWritten - line.down };
  line.up = bytesRead;
  line.down = bytesWritten;
  return since;
}
