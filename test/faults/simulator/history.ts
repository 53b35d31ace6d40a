import type { Outcome, RunEvent } from '@trunkline/coordinator';

/** One thing that the client said that it had sent, and under which name. */
export interface Sent {
  readonly client: string;
  readonly round: number;
  readonly attempt: number;
  /** `round/kind/tasks`: the same whatever the attempt. */
  readonly part: string;
  readonly sha256: string;
}

/** What was said and done in a run, as far as promises speak of it. */
export interface History {
  readonly events: RunEvent[];
  readonly sent: Sent[];
  /** Trunks that went out. */
  readonly trunks: { version: number; attempt: number; sha256: string; coded?: boolean }[];
  /** Answers that were acknowledged: `client/round/attempt`. */
  readonly acknowledged: Set<string>;
  /** How the coordinator's processes ended that came to the end. */
  readonly finished: Extract<Outcome, { kind: 'finished' }>[];
  /** Client → SHA-256 of each head at the end, and its test scores. */
  readonly ends: Map<string, { digests: Record<string, string>; scores: unknown }>;
  /** Broken promises, as they are noticed. */
  readonly broken: string[];
}

export const emptyHistory = (): History => ({
  events: [],
  sent: [],
  trunks: [],
  acknowledged: new Set(),
  finished: [],
  ends: new Map(),
  broken: [],
});

/** What cannot be otherwise when both sides do their part, whatever the network does. */
const HARMLESS = new Set(['CONTRIBUTION_STALE', 'CONTRIBUTION_UNKNOWN']);

/** The run without a fault that every other must end like. */
export interface Reference {
  /** Version, and whether as a codec writes it → SHA-256. */
  readonly trunks: ReadonlyMap<string, string>;
  readonly parts: ReadonlyMap<string, string>;
  readonly ends: History['ends'];
  /** Of the last trunk. */
  readonly sha256: string;
  readonly scores: unknown;
}

const formOf = ({ version, coded = false }: History['trunks'][number]): string => `${version}${coded ? ' coded' : ''}`;

export function referenceOf(history: History): Reference {
  return {
    trunks: new Map(history.trunks.map((trunk) => [formOf(trunk), trunk.sha256])),
    parts: new Map(history.sent.map(({ client, part, sha256 }) => [`${client} ${part}`, sha256])),
    ends: history.ends,
    sha256: history.finished[0]!.sha256,
    scores: history.finished[0]!.scores,
  };
}

/** Every promise that the history of an exact run breaks: it ends in the bytes of `reference` and passes through its trunks. */
export function judge(history: History, reference: Reference): string[] {
  const broken = promisesToAll(history);
  for (const trunk of history.trunks) {
    const { attempt, sha256 } = trunk;
    const expected = reference.trunks.get(formOf(trunk));
    if (expected !== sha256)
      broken.push(
        `trunk ${formOf(trunk)} of attempt ${attempt} is ${sha256.slice(0, 8)}, not ${expected?.slice(0, 8)}`,
      );
  }
  for (const { client, attempt, part, sha256 } of history.sent)
    if (reference.parts.get(`${client} ${part}`) !== sha256)
      broken.push(`${client} ${part} attempt ${attempt} is not what it is without faults`);
  for (const { sha256, scores } of history.finished) {
    if (sha256 !== reference.sha256)
      broken.push(`the run ends in trunk ${sha256.slice(0, 8)}, not ${reference.sha256.slice(0, 8)}`);
    if (JSON.stringify(scores) !== JSON.stringify(reference.scores)) broken.push('the run ends with other scores');
  }
  broken.push(...applied(history));
  for (const [client, end] of reference.ends) {
    const found = history.ends.get(client);
    if (!found) broken.push(`${client} did not finish`);
    else if (JSON.stringify(found) !== JSON.stringify(end))
      broken.push(`${client} ends otherwise: ${JSON.stringify(found)}, not ${JSON.stringify(end)}`);
  }
  return broken;
}

/** What holds in every mode. */
export function promisesToAll(history: History): string[] {
  const broken = [...history.broken];
  const said = new Map<string, string>();
  for (const { client, attempt, part, sha256 } of history.sent) {
    const id = `${client} ${part} attempt ${attempt}`;
    if ((said.get(id) ?? sha256) !== sha256) broken.push(`two different contents under ${id}`);
    said.set(id, sha256);
  }
  for (const event of history.events) {
    if (event.event === 'error') broken.push(`the run failed: ${event.code} ${event.message}`);
    if (event.event === 'refused' && !HARMLESS.has(event.error.code))
      broken.push(`${event.client} was refused ${event.message}: ${event.error.code} ${event.error.message}`);
  }
  if (history.finished.length === 0) broken.push('the coordinator did not finish');
  return broken;
}

/** Each round counts once in the end, an acknowledged answer in the round that it was for, unless the run went back behind it. */
function applied({ events, acknowledged }: History): string[] {
  const broken: string[] = [];
  /** Answers in the trunk as it stands: `client/round/attempt`, by round. */
  let counted: string[][] = [];
  let attempt = 0;
  for (const event of events) {
    if (event.event === 'rewound') {
      if (event.attempt <= attempt) broken.push(`attempt ${event.attempt} follows attempt ${attempt}`);
      attempt = event.attempt;
      counted = counted.slice(0, event.round);
    }
    // A round that was closed and not safe when the power went is closed again; of one whose process said nothing any more nothing is known.
    if (event.event === 'continued') counted.length = event.round;
    if (event.event !== 'round') continue;
    if (event.round !== counted.length) broken.push(`round ${event.round} closed when ${counted.length} was due`);
    counted[event.round] = Object.keys(event.clients).map((client) => `${client}/${event.round}/${event.attempt}`);
  }
  for (const id of acknowledged) {
    const [, round, attemptOf] = id.split('/').map(Number);
    const wentBack = attemptOf! < attempt;
    if (!wentBack && counted[round!]?.includes(id) === false) broken.push(`${id} was acknowledged and not counted`);
  }
  return broken;
}
