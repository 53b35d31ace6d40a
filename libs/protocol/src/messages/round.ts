import { z } from 'zod';
import { ENCODINGS } from '../codec/index.ts';
import { limits } from '../limits.ts';
import { countField, digestField, idField, scoreField, signatureField } from './fields.ts';

/** Which answer this is: every id carries the attempt, so that repeating a round after a crash is no contradiction. */
export const answerId = z.strictObject({ round: countField, attempt: countField });
export type AnswerId = z.infer<typeof answerId>;

/** Task → a factor ≥ 0. */
const factors = z.record(idField, z.number().nonnegative());

/**
 * What a strategy asks of clients beside rows and losses. `losses-after`: each task's loss of the last round's batch on this round's trunk.
 * `extra-batches`: rows of two more independent batches.
 */
export const wantsField = z.array(z.enum(['losses-after', 'extra-batches'])).max(2);

/**
 * Coordinator → client: answer `round` from trunk `version`. In a run of mode `buffered` each client has its own count of rounds: how
 * often it has answered.
 */
export const roundMessage = z.strictObject({
  ...answerId.shape,
  version: countField,
  /** λ of each of the client's tasks, replicas' shares included. */
  lambda: factors,
  /** What each task's row is multiplied by before it is sent or added; left out: 1. */
  scale: factors.optional(),
  exchange: z.enum(['sum', 'rows']),
  /** Rows in addition to the sum, for the conflict matrix; the step does not use them. */
  probe: z.boolean(),
  /** Save heads, adapters and optimisers as they are before this round. */
  checkpoint: z.boolean(),
  /** With `select: best`: the trunk with the best validation scores so far. Whoever scored it last keeps heads and adapters as they were. */
  best: countField.optional(),
  /** Steps that heads and adapters take on this trunk first, sending nothing: the client joined a run that was under way. */
  warmup: countField.max(limits.localSteps).optional(),
  /** Left out: nothing beside rows and losses. */
  wants: wantsField.optional(),
  /** Milliseconds from now; null: no deadline. */
  deadlineMs: countField.nullable(),
  /** Grains that may be sent at once; more by `credit`. */
  credit: countField,
});
export type RoundMessage = z.infer<typeof roundMessage>;

const taskLoss = z.strictObject({
  task: idField,
  /** Mean over the labelled rows; null where it was not finite. */
  loss: scoreField,
  /** Labelled rows in the batch; with 0 the task did nothing. */
  labelled: countField,
  /** Where `losses-after` is wanted: what the last round's batch loses on this round's trunk; null where it was not finite. */
  after: scoreField.optional(),
});

/**
 * Client → coordinator: one vector of this answer follows in chunks. Answered by what is missing of it; the chunk that completes it is
 * acknowledged once all of it was verified and taken in.
 */
export const contributionMessage = z.strictObject({
  ...answerId.shape,
  /** `extra-1`, `extra-2`: the rows of the two further batches, where `extra-batches` is wanted. */
  kind: z.enum(['sum', 'row', 'probe', 'extra-1', 'extra-2']),
  /** The tasks whose gradients are in it, in the order in which they were added. */
  tasks: z.array(idField).min(1).max(limits.tasksPerClient),
  bytes: countField,
  /** Of the bytes as they travel. */
  sha256: digestField,
  /** `f32`, or the run's codec: what that cannot carry, a value that is not finite for one, goes as it is. */
  encoding: z.enum(ENCODINGS),
  /** The trunk that it was computed from. */
  version: countField.optional(),
  /** Made by the link with the client's key; the door wants it. */
  signature: signatureField.optional(),
});
export type ContributionMessage = z.infer<typeof contributionMessage>;

/** The name of a contribution's transfer, as both sides make it from the announcement. */
export function contributionTransfer(
  message: Pick<ContributionMessage, 'round' | 'attempt' | 'kind' | 'tasks'>,
): string {
  const { round, attempt, kind, tasks } = message;
  return `contribution/${round}/${attempt}/${kind === 'sum' ? 'sum' : `${kind}/${tasks[0]}`}`;
}

/** Client → coordinator: nothing more follows for this round. Also the whole answer of a client without a labelled row. */
export const answeredMessage = z.strictObject({
  ...answerId.shape,
  /** The trunk that it was computed from; asked again after a broken line, a client may have started from an older one. */
  version: countField.optional(),
  losses: z.array(taskLoss).max(limits.tasksPerClient),
  /** How many contributions were sent: the coordinator must have as many. */
  contributions: countField,
  /** Milliseconds spent in each part of the round, for the timing panel. */
  timing: z.strictObject({ waitMs: z.number(), stepMs: z.number(), sendMs: z.number() }),
  /** Made by the link with the client's key; the door wants it. */
  signature: signatureField.optional(),
});
export type AnsweredMessage = z.infer<typeof answeredMessage>;

/** Client → coordinator: this answer could be sent, and there is no credit for it. Credit follows as soon as there is room. */
export const readyMessage = z.strictObject(answerId.shape);

/** Coordinator → client: grains of this answer that may be sent in addition. */
export const creditMessage = z.strictObject({ ...answerId.shape, chunks: countField });
export type CreditMessage = z.infer<typeof creditMessage>;
