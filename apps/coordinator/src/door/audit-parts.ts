import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The n-th part that was put away, from 1 on: `audit-000001.jsonl` beside `audit.jsonl`. Parts are never removed: the chain goes over all of them. */
export const auditPart = (file: string, n: number): string =>
  file.replace(/\.jsonl$/, `-${String(n).padStart(6, '0')}.jsonl`);

/** Parts that were put away, oldest first, without the one that is written. */
export function oldParts(file: string): string[] {
  const [name, folder] = [basename(file, '.jsonl'), dirname(file)];
  return readdirSync(folder)
    .filter((entry) => new RegExp(`^${name}-\\d{6}\\.jsonl$`).test(entry))
    .sort()
    .map((entry) => join(folder, entry));
}

/** Number of the next one to be put away: no name is used twice, even where one is missing. */
export function nextPart(file: string): number {
  const newest = oldParts(file).at(-1);
  return newest === undefined ? 1 : Number(/-(\d{6})\.jsonl$/.exec(newest)![1]) + 1;
}
