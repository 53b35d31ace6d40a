import { z } from 'zod';
import { limits } from '../limits.ts';
import { countField } from './fields.ts';

/** Either side: one chunk of a transfer, named by its first grain; its bytes are the event's second argument. */
export const chunkMessage = z.strictObject({
  transfer: z.string().max(160),
  index: countField.max(Math.ceil((limits.trunkElements * 8) / limits.grainBytes)),
});
export type ChunkMessage = z.infer<typeof chunkMessage>;

/**
 * The answer to an announcement: which grains, `[from, until)`, are still to be sent. After a broken line that is what had not
 * arrived before; empty: nothing, all of it was taken in already.
 */
export const missingMessage = z.strictObject({
  missing: z.array(z.tuple([countField, countField])).max(limits.holes),
});
export type MissingMessage = z.infer<typeof missingMessage>;
