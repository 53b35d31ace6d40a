import { z } from 'zod';

/** DESIGN §4.3 to the letter: what `simulate --format json` prints, and nothing else beside it. */
const figure = z.number().nullable();
const sha256 = z.string().regex(/^[\da-f]{64}$/);
const bytes = z.strictObject({ up: z.number().positive(), down: z.number().positive() }).nullable();
const taskFields = {
  task: z.string(),
  client: z.string(),
  metric: z.string(),
  split: z.literal('test'),
  together: figure,
  alone: figure,
  delta: figure,
  metrics: z.record(z.string(), z.strictObject({ together: figure, alone: figure })),
};
const runFields = {
  run: z.string(),
  rounds: z.int().positive(),
  seconds: z.number().positive(),
  deltaM: figure,
  bytes,
};
const parameters = z.int().positive();

export const runData = z.strictObject({
  ...runFields,
  trunk: z.strictObject({ parameters, sha256 }),
  tasks: z.array(z.strictObject(taskFields)),
  folder: z.string(),
});

export const seedsData = z.strictObject({
  ...runFields,
  trunk: z.strictObject({ parameters }),
  deltaMSd: figure,
  tasks: z.array(
    z.strictObject({ ...taskFields, sd: z.strictObject({ together: figure, alone: figure, delta: figure }) }),
  ),
  runs: z.array(runData),
});

/** The one envelope on stdout, its data checked. */
export function dataOf<S extends z.ZodType>(schema: S, stdout: string): z.output<S> {
  if (!/^[^\n]+\n$/.test(stdout)) throw new Error(`stdout is not exactly one line: ${stdout}`);
  const envelope = z.strictObject({ schema: z.literal(1), status: z.literal('ok'), data: z.unknown() });
  return schema.parse(envelope.parse(JSON.parse(stdout)).data);
}
