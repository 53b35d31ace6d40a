import type { ExportedModel } from './exported-model.ts';

/**
 * What a file of every format says in words: what the model is about, the layers of each part as a run file writes them (`trunk`, `head`,
 * `adapter`: JSON), its name, and the activation over the last layer (`scores`). From these the file is read back.
 */
export function notesOf({ name, parts, scores, about }: ExportedModel): Readonly<Record<string, string>> {
  const specs = parts.map(({ name: part, stack }) => [
    part,
    JSON.stringify({ input: stack.inputShape, layers: stack.specs }),
  ]);
  return { ...about, ...(Object.fromEntries(specs) as Record<string, string>), name, scores: scores ?? 'none' };
}

/** The notes that are of the file's form; the others are what the model is about. */
const FORM = ['adapter', 'trunk', 'head', 'name', 'scores'];

/** `about` of the model whose notes these are. */
export const aboutOf = (notes: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(notes).filter(([key]) => !FORM.includes(key)));
