import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { strategies } from '@trunkline/model/aggregation';
import { fail } from '@trunkline/protocol';
import { ALONE, folderDigest, keyOf, type Cell } from './cells.ts';
import type { DataSet } from './data-sets.ts';

/** The ten of the table in docs/explain/leaderboard.md: what stands for each family, and is still tractable. */
export const TEN: readonly string[] = [
  'weighted-sum',
  'mean',
  'uncertainty',
  'dwa',
  'mgda',
  'pcgrad',
  'cagrad',
  'imtl-g',
  'nash-mtl',
  'upgrad',
];

/** Raised by hand when a builder makes other files. */
const BUILD = 1;

export interface PlannedCell extends Cell {
  readonly run: string;
}

export interface Plan {
  /** In the order in which they are trained: data set by data set, seed by seed, alone first. */
  readonly cells: readonly PlannedCell[];
  /** What is not run, and why. */
  readonly skipped: readonly string[];
}

export interface Request {
  readonly cache: string;
  /** Data sets by name, each with its methods; methods left out: those of the data set, else the ten. */
  readonly chosen: readonly { readonly dataSet: DataSet; readonly methods?: readonly string[] }[];
  readonly seeds: number;
  readonly overrides: readonly string[];
  /** Folder of the originals: TRUNKLINE_DATA. */
  readonly data: string | undefined;
}

/** Builds what is missing and names every cell with its key. @throws USAGE for a method that there is not */
export function planCells({ cache, chosen, seeds, overrides, data }: Request): Plan {
  const cells: PlannedCell[] = [];
  const skipped: string[] = [];
  for (const { dataSet, methods = dataSet.methods ?? TEN } of chosen) {
    const run = runOf(dataSet, cache, data);
    if (run === undefined) {
      skipped.push(`${dataSet.name}: TRUNKLINE_DATA is not set; it is built from the data folder`);
      continue;
    }
    const digest = folderDigest(dirname(run));
    const runnable = methods.filter((method) => {
      const wants = method === ALONE ? [] : strategyOf(method).wants;
      if (wants.length > 0)
        skipped.push(
          `${dataSet.name} ${method}: it wants ${wants.join(', ')}, which a run in one process does not supply`,
        );
      return wants.length === 0;
    });
    for (let seed = 1; seed <= seeds; seed++) {
      for (const method of new Set([ALONE, ...runnable])) {
        const key = keyOf({ digest, overrides, method, seed });
        cells.push({ dataSet: dataSet.name, method, seed, key, run });
      }
    }
  }
  return { cells, skipped };
}

function strategyOf(name: string) {
  const strategy = Object.hasOwn(strategies, name) ? strategies[name] : undefined;
  if (strategy) return strategy;
  throw fail('USAGE', {
    what: `There is no method ${name}.`,
    remedy: `Methods: ${[ALONE, ...Object.keys(strategies)].join(', ')}.`,
  });
}

/** The run file of a data set, built if it has to be; undefined where it cannot. */
function runOf({ name, run, build }: DataSet, cache: string, data: string | undefined): string | undefined {
  if (run !== undefined) return run;
  const folder = join(cache, 'data', name);
  const stamp = join(folder, 'build');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === String(BUILD)) return join(folder, 'run.yaml');
  if (data === undefined) return undefined;
  // Built beside and renamed: an interrupted build leaves nothing that looks finished.
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  build!(part, data);
  writeFileSync(join(part, 'build'), String(BUILD));
  renameSync(part, folder);
  return join(folder, 'run.yaml');
}
