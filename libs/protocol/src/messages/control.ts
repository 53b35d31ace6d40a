import { z } from 'zod';
import { countField, digestField, idField } from './fields.ts';

/**
 * Coordinator → client: go back to the state saved at the start of `round`; what comes next is attempt `attempt`. `anew`: this client
 * holds no state of that round and begins with new heads.
 */
export const rewindMessage = z.strictObject({ round: countField, attempt: countField, anew: z.boolean().optional() });
export type RewindMessage = z.infer<typeof rewindMessage>;

/** Coordinator → client: what the run is doing while this client has nothing to do. */
export const statusMessage = z.strictObject({
  phase: z.enum(['gathering', 'training', 'evaluating', 'paused']),
  round: countField,
  /** How many others are being waited for; names stay with the coordinator. */
  waitingFor: countField,
});
export type StatusMessage = z.infer<typeof statusMessage>;

/** Coordinator → client: the run is over. */
export const finishedMessage = z.strictObject({
  run: idField,
  rounds: countField,
  sha256: digestField,
});
export type FinishedMessage = z.infer<typeof finishedMessage>;

/** Client → coordinator: this client ends, for the reason given. */
export const leaveMessage = z.strictObject({ reason: z.string().max(1_024) });
export type LeaveMessage = z.infer<typeof leaveMessage>;
