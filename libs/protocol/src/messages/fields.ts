import { z } from 'zod';
import { limits } from '../limits.ts';

/** Lower-case kebab, as task and client ids are written everywhere. */
export const idField = z
  .string()
  .max(limits.idLength)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case letters, digits and single hyphens');
export const countField = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
export const digestField = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex');
/** An Ed25519 signature, base64url. */
export const signatureField = z.string().regex(/^[\w-]{86}$/, 'must be a signature in base64url');
export const textField = z.string().max(4_096);
export const shapeField = z.array(z.number().int().positive().max(limits.trunkElements)).max(8);
/** A JSON value, bounded by the packed size of its message. */
export const jsonField: z.ZodType<unknown> = z.unknown();
/** A number that may be missing: NaN and infinities do not cross the wire, they become null. */
export const scoreField = z.number().nullable();

export const reportField = z.strictObject({ code: z.string().max(64), message: textField, hint: textField });

/** Every request is answered by one of these; nothing is dropped in silence. */
export type Reply<T> = { ok: true; value: T } | { ok: false; error: z.infer<typeof reportField> };
export const replyOf = <S extends z.ZodType>(value: S) =>
  z.discriminatedUnion('ok', [
    z.strictObject({ ok: z.literal(true), value }),
    z.strictObject({ ok: z.literal(false), error: reportField }),
  ]);
export const nothing = z.strictObject({});
