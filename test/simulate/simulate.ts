import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '@trunkline/coordinator';
import { fail } from '@trunkline/protocol';
import { trainAlone } from './alone.ts';
import { trainInProcess } from './in-process.ts';
import { openJob, type Job } from './job.ts';
import type { Joint } from './joint.ts';
import { resultOf, type RunResult } from './result.ts';
import { seedsResult, type SeedsResult } from './seeds.ts';
import { trainOverSockets } from './sockets.ts';
import { trainWithVirtual } from './virtual/joint.ts';
import type { VirtualRules } from './virtual/options.ts';

export interface SimulateOptions {
  /** Run file; its `clients` are the client files. */
  readonly file: string;
  readonly overrides?: readonly string[];
  /** All clients' steps in this process, without sockets. */
  readonly inProcess?: boolean;
  /** Many clients that exist only while they answer, in place of the run's own. */
  readonly virtual?: VirtualRules;
  /** Train every task without the others too. */
  readonly alone?: boolean;
  /** Runs with seed, seed+1, … */
  readonly seeds?: number;
  /** Where `<run>-<n>` is made. */
  readonly runs: string;
}

export interface SimulateDeps {
  /** What the coordinator tells; nothing in one process. */
  readonly heard?: (event: RunEvent) => void;
  /** What the simulation itself does. */
  readonly say?: (text: string) => void;
  readonly clientArgs?: (client: string) => readonly string[];
  readonly signal?: AbortSignal;
}

/** One run, or several with consecutive seeds: trains jointly, then alone if asked, and compares. Always begins anew. */
export async function simulate(options: SimulateOptions, deps: SimulateDeps = {}): Promise<RunResult | SeedsResult> {
  const overrides = options.overrides ?? [];
  if (options.seeds === undefined) return simulateOnce(await openJob(options.file, overrides), options, deps);
  const { config } = await openJob(options.file, overrides);
  const runs: RunResult[] = [];
  for (let seed = config.seed; seed < config.seed + options.seeds; seed++) {
    deps.say?.(`seed ${seed} (${runs.length + 1} of ${options.seeds})`);
    runs.push(await simulateOnce(await openJob(options.file, [...overrides, `seed=${seed}`]), options, deps));
  }
  return seedsResult(runs);
}

async function simulateOnce(job: Job, options: SimulateOptions, deps: SimulateDeps): Promise<RunResult> {
  const folder = newFolder(options.runs, job.config.run);
  let result: RunResult;
  try {
    ({ result } = await trainBoth(job, folder, options, deps));
  } catch (error) {
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
    throw error;
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function trainBoth(
  job: Job,
  folder: string,
  options: SimulateOptions,
  deps: SimulateDeps,
): Promise<{ joint: Joint; result: RunResult }> {
  const joint = await trainTogether(job, folder, options, deps);
  let alone;
  if (options.alone) {
    const count = job.clients.flatMap(({ config }) => config.tasks).length;
    let done = 0;
    deps.say?.(`Training each of the ${count} tasks alone, for comparison`);
    const progress = (task: string) => deps.say?.(`alone ${++done}/${count}: ${task}`);
    alone = await trainAlone(job, {
      logs: join(folder, 'logs'),
      done: progress,
      ...(deps.signal ? { signal: deps.signal } : {}),
    });
  }
  return { joint, result: resultOf(job, joint, alone, folder) };
}

function trainTogether(job: Job, folder: string, options: SimulateOptions, deps: SimulateDeps): Promise<Joint> {
  if (options.virtual) return trainWithVirtual(job, options.virtual, deps.signal);
  if (options.inProcess) return trainInProcess(job, deps.signal);
  return trainOverSockets(job, {
    folder,
    heard: deps.heard ?? (() => undefined),
    ...(deps.clientArgs ? { clientArgs: deps.clientArgs } : {}),
    ...(deps.signal ? { signal: deps.signal } : {}),
  });
}

/** `<runs>/<run>-<n>` with the smallest n that is free; making the folder is what takes the number. */
function newFolder(runs: string, run: string): string {
  try {
    mkdirSync(runs, { recursive: true });
    for (let n = 1; ; n++) {
      const folder = join(runs, `${run}-${n}`);
      try {
        mkdirSync(folder);
        return folder;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: runs, reason: (cause as Error).message }, cause);
  }
}
