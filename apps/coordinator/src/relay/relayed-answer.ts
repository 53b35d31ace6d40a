import { bytesOf, sha256, type AnsweredMessage, type AnswerId, type ContributionMessage } from '@trunkline/protocol';
import { DRAWS, roundScaled } from '@trunkline/model/aggregation';
import type { Answer } from '@trunkline/protocol/line';
import type { Answers, Row } from '../trunk-step.ts';
import { mergedLosses, mergedOffers, mergedRow, shareOfTask, type Brought } from './merged.ts';

/** What a relay's clients answered to a round. */
export interface RelayedRound {
  readonly id: AnswerId;
  /** The trunk that it was computed from. */
  readonly version: number;
  /** In client order. */
  readonly clients: readonly Brought[];
  readonly messages: ReadonlyMap<string, AnsweredMessage>;
  readonly answers: Answers;
  /** Rows for the conflict matrix. */
  readonly probes: readonly Row[];
}

/**
 * The relay's own answer. A sum is its clients' sums added in client order in float64 and rounded to float32 once, exactly as a coordinator does with
 * the sums of its clients; rows go on as they came, those of one task that several clients serve as one.
 */
export function relayedAnswer(round: RelayedRound): Omit<Answer, 'timing'> {
  const { id, version, clients, messages, answers, probes } = round;
  const part = (kind: ContributionMessage['kind'], tasks: readonly string[], values: Float32Array) => {
    const bytes = bytesOf(values);
    const digest = sha256(bytes);
    const message: ContributionMessage = {
      ...{ ...id, kind, tasks: [...tasks], bytes: bytes.byteLength, sha256: digest },
      encoding: 'f32',
    };
    return { message, bytes };
  };
  const rowParts = (kind: ContributionMessage['kind'], rows: readonly { id: string; values: Float32Array }[]) =>
    byTask(clients, rows).map(([task, parts]) => part(kind, [task], mergedRow(parts)));
  const extras = (rows: readonly Row[]) =>
    DRAWS.flatMap((draw, place) =>
      rowParts(
        draw,
        rows.flatMap(({ id: row, extra }) => (extra?.[place] ? [{ id: row, values: extra[place] }] : [])),
      ),
    );
  const contributions =
    answers.exchange === 'rows'
      ? [...rowParts('row', answers.rows), ...extras(answers.rows)]
      : answers.sum
        ? [part('sum', [...new Set(answers.named)], roundScaled(answers.sum, 1))]
        : [];
  const tasks = mergedOffers(clients).map((offer) => offer.id);
  const said = clients.flatMap(({ client }) => messages.get(client) ?? []);
  return {
    id,
    version,
    contributions: [...contributions, ...rowParts('probe', probes)],
    losses: mergedLosses(tasks, said),
  };
}

/** Rows by task, in the order in which tasks come first. A replica's row id is `task@client`. */
function byTask(
  clients: readonly Brought[],
  rows: readonly { readonly id: string; readonly values: Float32Array }[],
): [task: string, parts: { values: Float32Array; share: number }[]][] {
  const grouped = new Map<string, { values: Float32Array; share: number }[]>();
  for (const { id, values } of rows) {
    const [task = id, client] = id.split('@');
    const share = client === undefined ? 1 : shareOfTask(clients, task, client);
    grouped.set(task, [...(grouped.get(task) ?? []), { values, share }]);
  }
  return [...grouped];
}
