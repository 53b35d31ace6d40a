import { z } from 'zod';
import { ENCODINGS } from '../codec/index.ts';
import { countField, digestField } from './fields.ts';

/** Coordinator → client: trunk `version` follows in chunks of this transfer. Answered by what is missing of it. */
export const trunkMessage = z.strictObject({
  version: countField,
  attempt: countField,
  /** SCAFFOLD's control variate c stands behind the trunk in the same transfer; while it is zero it is not sent. */
  control: z.boolean().optional(),
  /** As rounds take it, where the run has a codec for it; left out: the trunk itself, which is what is scored. */
  coded: z.boolean().optional(),
  bytes: countField,
  /** Of the bytes as they travel; in `delta`, of those of the trunk that they lead to. */
  sha256: digestField,
  encoding: z.enum(ENCODINGS),
  /** In `delta`: the trunk that it is told from, which this line has brought before. */
  base: z.strictObject({ version: countField, attempt: countField }).optional(),
});
export type TrunkMessage = z.infer<typeof trunkMessage>;

/** The name of a transfer says all that makes it unique, so that a late chunk can never be taken for another's. */
export const trunkTransfer = (version: number, attempt: number, coded = false): string =>
  `trunk/${version}/${attempt}${coded ? '/coded' : ''}`;
