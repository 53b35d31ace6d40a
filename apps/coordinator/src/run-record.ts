import type { ErrorReport } from '@trunkline/protocol';
import type { RunEvent } from './run-events.ts';

/** Losses kept of each client, for its trend. */
const LOSSES = 32;
/** Names kept of those who were refused and never came in: a stranger must not make this grow. */
const STRANGERS = 64;
/** Weight of the newest value in a running mean. */
const NEWEST = 0.2;

export interface Refusal {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The message that was refused: `admission`, `hello`, `join`, … */
  readonly message: string;
  readonly error: ErrorReport;
  readonly times: number;
}

/** What the events of a run say of one client. Times are milliseconds since 1970, durations milliseconds. */
export interface ClientRecord {
  readonly client: string;
  tasks: readonly string[];
  backend: string;
  connected: boolean;
  /** When it came, or went. */
  since: number;
  /** Why it went. */
  reason: string | null;
  /** The last round that holds its answer. */
  round: number | null;
  answeredAt: number | null;
  /** Running mean of how long its answers take. */
  answerMs: number | null;
  /** How much later than the first client its last answer was ready. */
  lagMs: number | null;
  samplesPerSecond: number | null;
  up: number;
  down: number;
  /** Mean over its tasks, oldest first; null where not finite. */
  readonly losses: (number | null)[];
  score: { readonly metric: string; readonly value: number | null } | null;
  refused: Refusal | null;
  revokedAt: number | null;
  /** Row id → since when, and for how many rounds running, its loss has not been finite. */
  readonly diverging: Map<string, { readonly since: number; readonly round: number; rounds: number }>;
}

export type RecordedState = 'gathering' | 'training' | 'paused' | 'finished' | 'failed' | 'stopped';

/** A run as its events tell it: all that the terminal, `status` and `/metrics` show. Bounded: one entry a client, none a round. */
export interface RunRecord {
  run: string;
  url: string;
  dashboard: string | null;
  folder: string;
  state: RecordedState;
  /** When the coordinator began to listen, and when the newest event came. */
  begunAt: number;
  newestAt: number;
  /** When clients were last called to something. */
  calledAt: number;
  /** Rounds closed. */
  rounds: number;
  attempt: number;
  /** Running mean of a round's length. */
  roundMs: number | null;
  waiting: { readonly clients: readonly string[]; readonly tasks: readonly string[]; readonly since: number } | null;
  readonly clients: Map<string, ClientRecord>;
  /** Refused, and not one of the clients. */
  readonly strangers: Map<string, Refusal>;
  bytes: { up: number; down: number };
  /** Mean over the rows of the last round. */
  loss: number | null;
  scored: { readonly version: number; readonly split: string } | null;
  sha256: string | null;
  error: ErrorReport | null;
}

export const emptyRecord = (): RunRecord => ({
  run: '',
  url: '',
  dashboard: null,
  folder: '',
  state: 'gathering',
  begunAt: 0,
  newestAt: 0,
  calledAt: 0,
  rounds: 0,
  attempt: 0,
  roundMs: null,
  waiting: null,
  clients: new Map(),
  strangers: new Map(),
  bytes: { up: 0, down: 0 },
  loss: null,
  scored: null,
  sha256: null,
  error: null,
});

/** After these clients are called anew. */
const CALLS: ReadonlySet<RunEvent['event']> = new Set(['listening', 'round', 'scores', 'rewound', 'resumed']);

/** Takes one event into the record. */
export function record(into: RunRecord, event: RunEvent, date: Date): void {
  const at = date.getTime();
  into.newestAt = at;
  if (CALLS.has(event.event)) into.calledAt = at;
  switch (event.event) {
    case 'listening': {
      const { run, url, dashboard, folder } = event;
      Object.assign(into, { run, url, dashboard, folder, begunAt: at, state: 'gathering', error: null, waiting: null });
      // Another process than the one that wrote what stands before: nobody is connected to it yet.
      for (const client of into.clients.values())
        if (client.connected)
          Object.assign(client, { connected: false, since: at, reason: 'the coordinator began anew' });
      return;
    }
    case 'joined': {
      const { client, tasks, backend } = event;
      const known = into.clients.get(client) ?? newClient(client);
      Object.assign(known, {
        tasks,
        backend,
        connected: true,
        since: at,
        reason: null,
        refused: null,
        revokedAt: null,
      });
      into.clients.set(client, known);
      into.strangers.delete(client);
      return;
    }
    case 'left': {
      const known = into.clients.get(event.client);
      if (known) Object.assign(known, { connected: false, since: at, reason: event.reason });
      return;
    }
    case 'refused':
      return refused(into, event, at);
    case 'waiting': {
      const { clients, tasks } = event;
      const nobody = clients.length + tasks.length === 0;
      // Said again and again while it lasts: it began when these were first named.
      const before = into.waiting;
      const same = before?.clients.join() === clients.join() && before.tasks.join() === tasks.join();
      into.waiting = nobody ? null : { clients, tasks, since: same ? before.since : at };
      return;
    }
    case 'round':
      return round(into, event, at);
    case 'scores':
      into.scored = { version: event.version, split: event.split };
      for (const { client, metrics } of event.tasks) {
        const known = into.clients.get(client);
        const [metric, value] = Object.entries(metrics)[0] ?? [];
        if (known && metric !== undefined) known.score = { metric, value: value ?? null };
      }
      return;
    case 'continued':
    case 'rewound':
      into.rounds = event.round;
      into.attempt = event.attempt;
      return;
    case 'paused':
    case 'resumed':
    case 'stopped':
      into.state = event.event === 'resumed' ? 'training' : event.event;
      return;
    case 'finished':
      into.state = 'finished';
      into.sha256 = event.sha256;
      into.waiting = null;
      return;
    case 'error': {
      const { code, message, hint } = event;
      into.state = 'failed';
      into.error = { code, message, hint };
      return;
    }
    default:
      return;
  }
}

const newClient = (client: string): ClientRecord => ({
  client,
  tasks: [],
  backend: '',
  connected: false,
  since: 0,
  reason: null,
  round: null,
  answeredAt: null,
  answerMs: null,
  lagMs: null,
  samplesPerSecond: null,
  up: 0,
  down: 0,
  losses: [],
  score: null,
  refused: null,
  revokedAt: null,
  diverging: new Map(),
});

/** Answers that crossed a rewind or a closed round: refused by design, and no news to anyone. */
const HARMLESS = new Set(['CONTRIBUTION_STALE', 'CONTRIBUTION_UNKNOWN']);

function refused(into: RunRecord, event: Extract<RunEvent, { event: 'refused' }>, at: number): void {
  const { client, message, error } = event;
  if (HARMLESS.has(error.code) || message === 'send') return;
  const known = into.clients.get(client);
  if (known && error.code === 'CLIENT_REVOKED') {
    known.revokedAt ??= at;
    return;
  }
  const before = known ? known.refused : into.strangers.get(client);
  const refusal: Refusal = {
    at: before?.error.code === error.code ? before.at : at,
    message,
    error,
    times: (before?.times ?? 0) + 1,
  };
  if (known) {
    known.refused = refusal;
    return;
  }
  into.strangers.delete(client);
  into.strangers.set(client, refusal);
  if (into.strangers.size > STRANGERS) into.strangers.delete(into.strangers.keys().next().value!);
}

function round(into: RunRecord, event: Extract<RunEvent, { event: 'round' }>, at: number): void {
  into.state = into.state === 'paused' ? 'paused' : 'training';
  into.rounds = event.round + 1;
  into.attempt = event.attempt;
  into.waiting = null;
  into.roundMs = mean(into.roundMs, event.timing.roundMs);
  into.bytes = { up: into.bytes.up + event.bytes.up, down: into.bytes.down + event.bytes.down };
  into.loss = meanLoss(Object.values(event.losses));
  const answers = Object.entries(event.clients);
  const times = answers.map(([, { waitMs, stepMs, sendMs }]) => waitMs + stepMs + sendMs);
  const first = Math.min(...times);
  answers.forEach(([client, { rows, up, down }], i) => {
    const known = into.clients.get(client);
    if (!known) return;
    known.round = event.round;
    known.answeredAt = at;
    known.answerMs = mean(known.answerMs, times[i]!);
    known.lagMs = times[i]! - first;
    if (rows !== undefined && event.timing.roundMs > 0)
      known.samplesPerSecond = mean(known.samplesPerSecond, (rows * 1000) / event.timing.roundMs);
    known.up += up ?? 0;
    known.down += down ?? 0;
    // An answer counted: what was refused of it before is over.
    if (known.refused && known.refused.message !== 'admission') known.refused = null;
    losses(known, event, at);
  });
}

function losses(known: ClientRecord, event: Extract<RunEvent, { event: 'round' }>, at: number): void {
  const ids = known.tasks.flatMap((task) => [task, `${task}@${known.client}`]).filter((id) => id in event.losses);
  if (ids.length === 0) return;
  for (const id of ids) {
    if (event.losses[id] !== null) known.diverging.delete(id);
    else {
      const before = known.diverging.get(id);
      if (before) before.rounds++;
      else known.diverging.set(id, { since: at, round: event.round, rounds: 1 });
    }
  }
  known.losses.push(meanLoss(ids.map((id) => event.losses[id]!)));
  if (known.losses.length > LOSSES) known.losses.shift();
}

/** Mean of what is finite; null where nothing is. */
function meanLoss(values: readonly (number | null)[]): number | null {
  const finite = values.filter((value) => value !== null);
  return finite.length === 0 ? null : finite.reduce((sum, value) => sum + value, 0) / finite.length;
}

const mean = (before: number | null, newest: number): number =>
  before === null ? newest : before + NEWEST * (newest - before);
