import { join } from 'node:path';
import { fail, sha256, TrunklineError } from '@trunkline/protocol';
import type { CardScore } from '@trunkline/model/export';
import { decodeSnapshot, openGenerations, type Disk } from '@trunkline/model/store';
import { buildTrunk, type Trunk, type TrunkSpec } from '@trunkline/model/trunk';
import type { FinishedTask } from './outcome.ts';
import { heldStates, runStateFolder, type RunTerms } from './state-folder.ts';

/** The trunk that the test split was scored with, as `state.safetensors` keeps it. */
export interface TestedTrunk {
  readonly spec: unknown;
  /** Rounds that made it. */
  readonly version: number;
  readonly values: Float32Array;
}

/** What a client has of a run that is over: all that it needs to predict. */
export interface FinishedModel {
  readonly run: string;
  readonly trunk: Trunk;
  readonly version: number;
  readonly theta: Float32Array;
  /** Values of heads by task, and of adapters by stream, or `<stream>/<task>`. */
  readonly heads: Readonly<Record<string, { readonly values: Float32Array }>>;
  readonly adapters: Readonly<Record<string, { readonly values: Float32Array }>>;
  /** What the run asked for, where it is known. */
  readonly terms?: RunTerms | undefined;
  /** Test scores of the run's end; none where they were not kept. */
  readonly scores: readonly CardScore[];
  /** For `Learner.restore`. */
  readonly learner: unknown;
}

interface Saved {
  readonly heads: FinishedModel['heads'];
  readonly adapters: FinishedModel['adapters'];
  readonly trunk?: TestedTrunk;
}

export interface FinishedModelOf {
  /** The client's state folder. */
  readonly folder: string;
  readonly client: string;
  /** Left out: the only run that is over. */
  readonly run: string | undefined;
  readonly said: (file: string, problem: string) => void;
}

/**
 * Reads from a client's state folder the model of a run that is over.
 * @throws MODEL_MISSING where there is none, or several and none is named; SNAPSHOT_BROKEN, FOLDER_FORMAT
 */
export function readFinishedModel(disk: Disk, { folder, client, run, said }: FinishedModelOf): FinishedModel {
  const held = heldStates(disk, folder, client, said);
  const all = disk.list(folder).flatMap((name) => held.of(name)?.label ?? []);
  const missing = (problem: string, remedy: string) => fail('MODEL_MISSING', { at: folder, problem, remedy });
  const over = all.filter(({ sha256: digest }) => digest !== null);
  const names = (labels: typeof all) => labels.map((label) => label.run).join(', ');
  const chosen = run === undefined ? over : all.filter((label) => label.run === run);
  if (chosen.length > 1) {
    throw missing(
      `client ${client} has trained in ${chosen.length} runs, ${names(chosen)}`,
      `Name one with --run ${chosen[0]!.run}.`,
    );
  }
  const label = chosen[0];
  if (!label) {
    if (run !== undefined && over.length > 0)
      throw missing(`client ${client} took no part in run ${run}`, `Name another: ${names(over)}.`);
    const problem =
      all.length === 0 ? `client ${client} has trained in no run` : `the run ${names(all)} is not over for ${client}`;
    throw missing(problem, 'Join a run and let it end, or pass --state with the folder where its state lies.');
  }
  if (label.sha256 === null)
    throw missing(`the run ${label.run} is not over for ${client}`, 'Join it again and let it end.');
  const own = runStateFolder(folder, label.run, client);
  const file = join(own, 'state.safetensors');
  const bytes = disk.read(file);
  if (!bytes) throw fail('SNAPSHOT_BROKEN', { file, problem: 'it is missing' });
  if (sha256(bytes) !== label.sha256)
    throw fail('SNAPSHOT_BROKEN', { file, problem: 'its SHA-256 is not the one written down' });
  const learner = decodeSnapshot(bytes, file);
  const { trunk: tested, heads, adapters } = learner as Saved;
  if (!tested)
    throw missing(
      `the run ${label.run} ended without a score of its test split, and its trunk was not kept`,
      'Join it again with more rounds, and let it end.',
    );
  const trunk = buildTrunk(tested.spec as TrunkSpec, { at: file });
  return {
    run: label.run,
    trunk,
    version: tested.version,
    theta: tested.values,
    heads,
    adapters,
    terms: label.terms,
    scores: keptScores(disk, join(own, 'rounds')),
    learner,
  };
}

/** The test scores that were written down with the end of the run. */
function keptScores(disk: Disk, folder: string): CardScore[] {
  const kept = openGenerations(disk, folder);
  const newest = kept.rounds().at(-1);
  if (newest === undefined) return [];
  let scores: readonly FinishedTask[] | undefined;
  try {
    scores = kept.load(newest).note['scores'] as readonly FinishedTask[] | undefined;
  } catch (thrown) {
    // The model itself is whole; a card without scores says that they are not known.
    if (!(thrown instanceof TrunklineError)) throw thrown;
  }
  return (scores ?? []).flatMap(({ task, client, metrics }) =>
    Object.entries(metrics).map(([metric, { together }]) => ({ task, client, metric, together, alone: null })),
  );
}
