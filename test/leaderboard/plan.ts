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
  /** In the order in which they are trained: a seed on all data sets before the next seed, alone before the methods. */
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
  const skipped: string[] = [];
  const ready = chosen.flatMap(({ dataSet, methods = dataSet.methods ?? TEN }) => {
    const run = runOf(dataSet, cache, data);
    if (run === undefined) {
      skipped.push(`${dataSet.name}: TRUNKLINE_DATA is not set; it is built from the data folder`);
      return [];
    }
    methods.forEach(refuseUnknown);
    return [{ name: dataSet.name, run, digest: folderDigest(dirname(run)), methods: new Set([ALONE, ...methods]) }];
  });
  const cells: PlannedCell[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const { name, run, digest, methods } of ready) {
      for (const method of methods) {
        cells.push({ dataSet: name, method, seed, key: keyOf({ digest, overrides, method, seed }), run });
      }
    }
  }
  return { cells, skipped };
}

function refuseUnknown(name: string): void {
  if (name === ALONE || Object.hasOwn(strategies, name)) return;
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
