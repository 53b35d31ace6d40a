import { joinCommand } from './join-command.ts';
import { stallOf } from './stall.ts';
import { DIVERGED_ROUNDS } from './giving-up.ts';
import type { Pulse } from './pulse.ts';
import type { ClientRecord, Refusal, RunRecord } from './run-record.ts';

/** How a client stands. The first five ask for an operator. */
export type ClientState =
  'revoked' | 'refused' | 'missing' | 'diverging' | 'stalled' | 'working' | 'answered' | 'ready' | 'done';

export interface ClientView {
  readonly client: string;
  readonly tasks: readonly string[];
  readonly state: ClientState;
  /** ISO 8601; since when it stands like this. */
  readonly since: string | null;
  readonly round: number | null;
  readonly samplesPerSecond: number | null;
  readonly lagMs: number | null;
  readonly up: number;
  readonly down: number;
  readonly loss: number | null;
  readonly score: ClientRecord['score'];
  /** Liveness and progress, ISO 8601; null where its line does not stand. */
  readonly heardAt: string | null;
  readonly movedAt: string | null;
}

/** Something that an operator should know: who, what, since when, what to do. */
export interface Problem {
  readonly kind: 'missing' | 'stalled' | 'refused' | 'diverging' | 'revoked' | 'failed';
  readonly who: string;
  readonly since: string;
  readonly what: string;
  readonly remedy: string;
}

/** `data` of `coordinator status --format json`. */
export interface OperatorView {
  readonly run: string;
  readonly url: string;
  readonly dashboard: string | null;
  /** The command with which a client joins. */
  readonly join: string;
  readonly folder: string;
  /** false: nobody holds this run now; what is said is what its folder tells. */
  readonly live: boolean;
  readonly pid: number | null;
  readonly state: RunRecord['state'] | 'evaluating' | 'unfinished';
  /** The open round, or how many were trained. */
  readonly round: number;
  readonly rounds: number | null;
  readonly attempt: number;
  readonly begun: string;
  readonly elapsedMs: number;
  readonly restMs: number | null;
  readonly waitingFor: { readonly clients: readonly string[]; readonly tasks: readonly string[] };
  readonly waitingSince: string | null;
  readonly loss: number | null;
  readonly bytes: { readonly up: number; readonly down: number };
  readonly clients: readonly ClientView[];
  readonly problems: readonly Problem[];
}

/** What only the living process knows. */
export interface Live {
  readonly pid: number;
  readonly phase: string;
  readonly round: number;
  readonly attempt: number;
  readonly waitingFor: { readonly clients: readonly string[]; readonly tasks: readonly string[] };
  readonly deadlineMs: number;
  readonly pulse: (client: string) => Pulse | null;
}

export interface ViewOf {
  readonly record: RunRecord;
  /** How many rounds are planned, where it is known. */
  readonly planned: number | null;
  readonly live: Live | null;
  /** The certificate that clients need as `--ca`, where they need one. */
  readonly ca?: string | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const iso = (at: number): string => new Date(at).toISOString();

/**
 * What a run looks like to the person who answers for it: which client is missing, stalled (connected without progress), refused,
 * diverging (its loss is not finite) or revoked, since when, and what to do.
 */
export function operatorView({ record, planned, live, now, ca = null }: ViewOf): OperatorView {
  const over = record.state === 'finished' || record.state === 'failed' || record.state === 'stopped';
  const waitingFor = live ? live.waitingFor : { clients: [], tasks: [] };
  const due = new Set(waitingFor.clients);
  const judged = [...record.clients.values()].map((client) => judge(client, { record, live, due, now, over, ca }));
  const missingTasks = waitingFor.clients.length > 0 ? [] : waitingFor.tasks;
  const round = live ? live.round : record.rounds;
  return {
    run: record.run,
    url: record.url,
    dashboard: record.dashboard,
    join: joinCommand({ url: record.url, ca }),
    folder: record.folder,
    live: live !== null,
    pid: live?.pid ?? null,
    state: stateOf(record, live, over),
    round,
    rounds: planned,
    attempt: live?.attempt ?? record.attempt,
    begun: iso(record.begunAt),
    elapsedMs: Math.max(0, (live && !over ? now : record.newestAt) - record.begunAt),
    restMs: planned === null || record.roundMs === null || over ? null : (planned - round) * record.roundMs,
    waitingFor,
    waitingSince: record.waiting && live ? iso(record.waiting.since) : null,
    loss: record.loss,
    bytes: record.bytes,
    clients: judged.map(({ view }) => view).sort((a, b) => (a.client < b.client ? -1 : 1)),
    problems: [
      ...(record.error ? [failure(record)] : []),
      ...(over || !live ? [] : missingTasks.map((task) => unserved(record, task, ca))),
      ...judged.flatMap(({ problems }) => problems),
      ...[...record.strangers].map(([client, refusal]) => refusedProblem(client, refusal)),
    ],
  };
}

function stateOf(record: RunRecord, live: Live | null, over: boolean): OperatorView['state'] {
  if (over) return record.state;
  // Its process ended without a word: killed, or the machine went down.
  if (!live) return 'unfinished';
  return live.phase === 'evaluating' || live.phase === 'gathering' || live.phase === 'paused' ? live.phase : 'training';
}

interface Surroundings {
  readonly record: RunRecord;
  readonly live: Live | null;
  /** Who is waited for. */
  readonly due: ReadonlySet<string>;
  readonly now: number;
  readonly over: boolean;
  readonly ca: string | null;
}

function judge(client: ClientRecord, around: Surroundings): { view: ClientView; problems: Problem[] } {
  const { live, now, over } = around;
  const pulse = live?.pulse(client.client) ?? null;
  const due = around.due.has(client.client);
  const problems: Problem[] = [];
  let state: ClientState = over ? 'done' : due ? 'working' : live?.phase === 'training' ? 'answered' : 'ready';
  let since: number = client.answeredAt ?? client.since;
  const found = (kind: Problem['kind'] & ClientState, problem: { since: number; what: string; remedy: string }) => {
    problems.push({ kind, who: client.client, ...problem, since: iso(problem.since) });
    [state, since] = [kind, problem.since];
  };
  const stall =
    due && pulse && live
      ? stallOf(client, pulse, { now, calledAt: around.record.calledAt, deadlineMs: live.deadlineMs })
      : null;
  if (stall) found('stalled', stall);
  const [id, loss] = [...client.diverging][0] ?? [];
  if (id !== undefined && !over) {
    const { since: from, rounds, round } = loss!;
    const what = `the loss of ${id} is not finite (NaN or infinite) since round ${round}, ${count(rounds, 'round')} running; after ${DIVERGED_ROUNDS} the run ends`;
    found('diverging', {
      since: from,
      what,
      remedy: 'Lower the learning rate or set `clipNorm`, and look at its data; then go on from the last checkpoint.',
    });
  }
  if (!client.connected && !over && live) {
    const what = `not connected: ${client.reason ?? 'it never came'}`;
    found('missing', { since: client.since, what, remedy: joinAgain(around, client.client) });
  }
  if (client.refused) {
    const { since: at, ...rest } = refusedProblem(client.client, client.refused);
    // A second process under a name that is connected is refused without harm to the first.
    if (client.connected && client.refused.message === 'admission') problems.push({ ...rest, since: at });
    else found('refused', { since: client.refused.at, what: rest.what, remedy: rest.remedy });
  }
  if (client.revokedAt !== null) {
    const remedy = `If it is to take part again: \`coordinator invite ${client.client}\`.`;
    found('revoked', {
      since: client.revokedAt,
      what: 'its invitation and key were revoked, and its line was cut',
      remedy,
    });
    // Why it is away is said already.
    problems.splice(0, problems.length - 1);
  }
  const view: ClientView = {
    client: client.client,
    tasks: client.tasks,
    state,
    since: since > 0 ? iso(since) : null,
    round: client.round,
    samplesPerSecond: client.samplesPerSecond,
    lagMs: client.lagMs,
    up: client.up,
    down: client.down,
    loss: client.losses.at(-1) ?? null,
    score: client.score,
    heardAt: pulse && iso(pulse.heardAt),
    movedAt: pulse && iso(pulse.movedAt),
  };
  return { view, problems };
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

const joinAgain = ({ record: { url }, ca }: Surroundings, client: string): string =>
  `Start it again, it goes on by itself: ${joinCommand({ url, ca }, `${client}.yaml`)}`;

const failure = ({ error, newestAt, run }: RunRecord): Problem => ({
  kind: 'failed',
  who: run,
  since: iso(newestAt),
  what: error!.message,
  remedy: error!.hint,
});

const unserved = (record: RunRecord, task: string, ca: string | null): Problem => ({
  kind: 'missing',
  who: `task ${task}`,
  since: iso(record.waiting?.since ?? record.begunAt),
  what: 'no connected client brings it',
  remedy: `Start the client that serves it: ${joinCommand({ url: record.url, ca })}`,
});

const refusedProblem = (client: string, { at, message, error, times }: Refusal): Problem => ({
  kind: 'refused',
  who: client,
  since: iso(at),
  what: `${message} refused${times > 1 ? ` ${times} times` : ''}: ${error.message}`,
  remedy: error.hint,
});
