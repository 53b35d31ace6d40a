import type { z } from 'zod';
import type { Shape } from '../layout.ts';
import type { ExportedModel } from './exported-model.ts';

/** A model file whose weights are not read yet: its notes say of which layers they are. */
export interface OpenedModel {
  /** `notesOf` the model that was written; none where another program wrote the file. */
  readonly notes: Readonly<Record<string, string>>;
  /** The time that stands in the file, where its format has one. */
  readonly saved?: Date;
  /** Writes the file's weights over those of a model of these layers. @throws what `Broken` makes, where one is missing or has another shape */
  fill(model: ExportedModel): void;
}

/** Makes the error that says what is wrong with a file. */
export type Broken = (problem: string, cause?: unknown) => Error;

/** Some weights under the name that they have in a file. */
export interface NamedWeights {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** Copies what was found over what is wanted, name by name. */
export function copyWeights(wanted: readonly NamedWeights[], found: readonly NamedWeights[], broken: Broken): void {
  const byName = new Map(found.map((weights) => [weights.name, weights]));
  for (const { name, shape, values } of wanted) {
    const weights = byName.get(name);
    if (!weights) throw broken(`it holds no weights \`${name}\`.`);
    if (weights.shape.join() !== shape.join() || weights.values.length !== values.length)
      throw broken(`\`${name}\` has shape [${weights.shape.join(', ')}], its layers want [${shape.join(', ')}].`);
    values.set(weights.values);
  }
}

/** JSON of a form, in a file. */
export function jsonOf<T extends z.ZodType>(schema: T, bytes: Uint8Array, what: string, broken: Broken): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw broken(`its ${what} is not JSON.`, cause);
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw broken(`its ${what} has another form at \`${issue!.path.join('.')}\`.`, read.error);
}
