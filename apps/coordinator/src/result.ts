import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import { writeJsonDurably, type Disk } from '@trunkline/model/store';

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
    writeJsonDurably(disk, fileOf(folder), result);
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: fileOf(folder), reason: (cause as Error).message }, cause);
  }
}

/** The result in a run folder; undefined: it has not ended. @throws SNAPSHOT_BROKEN */
export function readResult(disk: Disk, folder: string): Result | undefined {
  const bytes = disk.read(fileOf(folder));
  if (!bytes) return undefined;
  try {
    return resultSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw fail('SNAPSHOT_BROKEN', { file: fileOf(folder), problem: 'it is not the result of a run' }, cause);
  }
}
