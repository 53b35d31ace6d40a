import { z } from 'zod';
import { layerSpecSchema, type LayerSpec } from '../layer/spec.ts';

/** What a trunk is built from: the shape of one input, without the batch axis, and the layers over it. */
export interface TrunkSpec {
  readonly input: readonly number[];
  readonly layers: readonly LayerSpec[];
}

/** The trunk's layers from an exported model's notes, not checked. @param refused makes the error for a text that is not JSON */
export function parseTrunkSpec(text: string, refused: (cause: unknown) => Error): TrunkSpec {
  try {
    return JSON.parse(text) as TrunkSpec;
  } catch (cause) {
    throw refused(cause);
  }
}

/** The layers in the run file, or in a Keras JSON file beside it; there `input` is needed only if the file has none. */
export type TrunkConfig = (TrunkSpec | { readonly file: string; readonly input?: readonly number[] }) & {
  readonly from?: TrunkFrom;
};

/** A file whose values trunk 0 has, in place of seeded ones. */
export interface TrunkFrom {
  /** A file, or the folder of a tfjs layers model, as `coordinator export` writes a trunk. */
  readonly file: string;
  readonly partial: boolean;
  /** What the file must be; left out: whatever it is. */
  readonly sha256?: string | undefined;
}

const inputField = z.array(z.int().positive()).min(1).max(4);

const fromField = z.union([
  z.string().min(1),
  z.strictObject({
    file: z.string().min(1),
    partial: z.boolean().default(false),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
      .optional(),
  }),
]);

/** The key `trunk` of a run file. */
export const trunkSchema = z
  .strictObject({
    input: inputField.optional(),
    layers: z.array(layerSpecSchema).optional(),
    file: z.string().min(1).optional(),
    from: fromField
      .optional()
      .describe(
        'Start from an exported trunk, x.safetensors. `partial: true`: layers that one side alone has keep seeded values, or are left out; `sha256`: no other file.',
      ),
  })
  .superRefine(({ input, layers, file }, context) => {
    const missing = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (layers && file !== undefined) missing('file', 'expected either `layers` or `file`, not both');
    if (!layers && file === undefined) missing('layers', 'expected a list of layers, or `file` with a Keras JSON file');
    if (layers && !input) missing('input', 'expected the shape of one input, for example [28, 28, 1]');
  })
  .transform(({ from, ...config }) => {
    const start = typeof from === 'string' ? { file: from, partial: false } : from;
    return { ...config, ...(start ? { from: start } : {}) } as TrunkConfig;
  });
