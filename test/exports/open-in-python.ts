import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from '../simulate/child.ts';
import type { ExportCase } from './export-run.ts';

/** A Python that has the libraries of `.ci/python.txt`, where there is one. */
export const python = process.env['TRUNKLINE_PYTHON'];

const PROGRAM = join(ROOT, 'libs/model/src/export/predict.py');
const gapsSchema = z.record(z.string(), z.record(z.string(), z.number()));

/** Largest difference between a format's scores and ours, by case and format: one Python process for all. */
export async function openInPython(
  folder: string,
  cases: readonly ExportCase[],
  limitMs: number,
): Promise<z.output<typeof gapsSchema>> {
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
  const { stdout } = await promisify(execFile)(python!, [PROGRAM, folder], { timeout: limitMs });
  return gapsSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1)!));
}

/** What `gaps` lacks, and where they reach 1e-5: empty where every format of every case predicts as we do. */
export const beyondReach = (gaps: z.output<typeof gapsSchema>, cases: readonly ExportCase[]): string[] =>
  cases.flatMap(({ name, formats }) =>
    formats.flatMap((format) => {
      const gap = gaps[name]?.[format];
      return gap !== undefined && gap < 1e-5 ? [] : [`${name}.${format}: ${gap ?? 'not opened'}`];
    }),
  );

/** The largest of all. */
export const furthest = (gaps: z.output<typeof gapsSchema>): number =>
  Math.max(...Object.values(gaps).flatMap((each) => Object.values(each)));
