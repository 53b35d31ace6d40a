import { z } from 'zod';
import type { ErrorReport } from '@trunkline/protocol';

/** What may be asked of a live run: one JSON object a line. `watch` is answered once, and its line stays until the run's process ends. */
export const controlRequest = z.strictObject({
  schema: z.literal(1),
  do: z.enum(['status', 'pause', 'resume', 'stop', 'watch']),
});
export type ControlRequest = z.infer<typeof controlRequest>;

const report = z.object({ code: z.string(), message: z.string(), hint: z.string() });
/** One line for each request, in their order. */
export const controlReply = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: report }),
]);
export type ControlReply =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: ErrorReport };

/** A longer line is none that the commands send. */
export const REQUEST_BYTES = 4096;
