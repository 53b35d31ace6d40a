import { z } from 'zod';
import { readSealed, type Disk } from '../store/index.ts';
import type { CardScore } from './model-card.ts';

const together = z
  .number()
  .nullable()
  .transform((value) => ({ together: value, alone: null }));
const pair = z.object({ together: z.number().nullable(), alone: z.number().nullable() });

/** `result.json` as a coordinator writes it, or a simulation over it, which may know the scores alone too. */
const resultSchema = z.object({
  run: z.string(),
  tasks: z.array(
    z.object({ task: z.string(), client: z.string(), metrics: z.record(z.string(), z.union([pair, together])) }),
  ),
});

/** Test scores that the `result.json` of a run folder holds; none where it is missing, damaged or of another run. Nothing is changed. */
export function knownScores(disk: Pick<Disk, 'read'>, folder: string, run: string): CardScore[] {
  const found = readSealed(disk, `${folder}/result.json`);
  const result = resultSchema.safeParse(found?.problem === undefined ? found?.value : undefined);
  if (!result.success || result.data.run !== run) return [];
  return result.data.tasks.flatMap(({ task, client, metrics }) =>
    Object.entries(metrics).map(([metric, scores]) => ({ task, client, metric, ...scores })),
  );
}
