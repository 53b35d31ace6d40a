import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import { readSealed, writeSealed, type Disk } from '@trunkline/model/store';

const scored = z.object({
  task: z.string(),
  client: z.string(),
  loss: z.number().nullable(),
  metrics: z.record(z.string(), z.number().nullable()),
});

const resultSchema = z.object({
  run: z.string(),
  rounds: z.number().int(),
  /** Rounds that were to be trained; more than `rounds` where the run ended early. */
  planned: z.number().int(),
  sha256: z.string(),
  seconds: z.number(),
  tasks: z.array(scored),
});

/** How a run ended: `result.json`. */
export type Result = z.output<typeof resultSchema>;

const fileOf = (folder: string): string => join(folder, 'result.json');

/** @throws STORAGE_FAILED */
export function writeResult(disk: Disk, folder: string, result: Result): void {
  try {
    writeSealed(disk, fileOf(folder), result);
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: fileOf(folder), reason: (cause as Error).message }, cause);
  }
}

/**
 * The result in a run folder; undefined: it has not ended. One that is damaged is set aside: the end is scored again.
 * @param damaged hears of that
 */
export function readResult(
  disk: Disk,
  folder: string,
  damaged: (found: { file: string; problem: string }) => void,
): Result | undefined {
  const file = fileOf(folder);
  const found = readSealed(disk, file);
  if (!found) return undefined;
  const parsed = resultSchema.safeParse(found.problem === undefined ? found.value : undefined);
  if (parsed.success) return parsed.data;
  disk.rename(file, `${file}.damaged`);
  damaged({ file, problem: found.problem ?? 'it is not the result of a run' });
  return undefined;
}
