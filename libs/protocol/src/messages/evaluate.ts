import { z } from 'zod';
import { limits } from '../limits.ts';
import { countField, idField, scoreField } from './fields.ts';

/** Coordinator → client: score trunk `version` on your `split`. Changes nothing that training reads. */
export const evaluateMessage = z.strictObject({
  version: countField,
  attempt: countField,
  split: z.enum(['validation', 'test']),
  /** With `select: best`: score this earlier trunk instead, with the heads and adapters that were kept with it. */
  best: countField.optional(),
});
export type EvaluateMessage = z.infer<typeof evaluateMessage>;

export const taskScores = z.strictObject({
  task: idField,
  /** Metric name → value; null where the metric is undefined on this split. */
  metrics: z.record(z.string().max(32), scoreField),
  loss: scoreField,
});
export type TaskScores = z.infer<typeof taskScores>;

/** Client → coordinator: scalars only. */
export const scoresMessage = z.strictObject({
  version: countField,
  attempt: countField,
  split: z.enum(['validation', 'test']),
  tasks: z.array(taskScores).max(limits.tasksPerClient),
  /** SHA-256 of each head's and adapter's bytes: lets a run be compared with another, tells nothing of the values. */
  digests: z.record(z.string().max(160), z.string().max(64)),
});
export type ScoresMessage = z.infer<typeof scoresMessage>;
