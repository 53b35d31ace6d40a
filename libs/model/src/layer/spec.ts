import { z } from 'zod';
import type { Path } from '../config/read-yaml.ts';

/** A layer as a run file writes it: one name and its arguments, `{ dense: { units: 128 } }`. */
export type LayerSpec = Readonly<Record<string, unknown>>;

/** Only the form; names and arguments are checked where the layer is placed, which can say more about what is wrong. */
const form = 'expected one layer and its arguments, for example `dense: { units: 64 }`';
export const layerSpecSchema: z.ZodType<LayerSpec> = z
  .record(z.string(), z.unknown(), { error: form })
  .refine((spec) => Object.keys(spec).length === 1, { error: form });

/** Where a list of layers stands: the text in front of `[2].dense.units`, or a function that finds the place in a file. */
export type At = string | ((path: Path) => string);

/** `at` for the part below `prefix`. */
export const below =
  (at: At, prefix: Path): At =>
  (path) =>
    locate(at, [...prefix, ...path]);

export const locate = (at: At, path: Path): string =>
  typeof at === 'function'
    ? at(path)
    : path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${key}`), at);
