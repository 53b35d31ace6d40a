import { basename, join, resolve } from 'node:path';
import { fail, TrunklineError } from '@trunkline/protocol';
import type { ExportedModel } from '@trunkline/model/export';
import { createBestEvaluation } from '@trunkline/model/metrics';
import { decodeSnapshot, openGenerations, type Disk } from '@trunkline/model/store';
import { buildTrunk, type Trunk, type TrunkSpec } from '@trunkline/model/trunk';
import type { RunSnapshot } from './checkpoints.ts';
import { readConfig } from './run-folder.ts';

/** The trunk of a run as its folder has it, and the round it is of. */
export interface RunModel {
  readonly model: ExportedModel;
  readonly trunk: Trunk;
  readonly run: string;
  /** Rounds that made the trunk. */
  readonly version: number;
  /** Rounds that the run was to have. */
  readonly planned: number;
}

/**
 * The trunk of a run, of the newest checkpoint that is whole; where the run selects, its best trunk so far. Reads the folder alone: the run
 * may be live, and nothing in it is changed.
 * @throws MODEL_MISSING, FOLDER_BROKEN, SNAPSHOT_BROKEN
 */
export function runModel(disk: Disk, folder: string): RunModel {
  const config = readConfig(disk, folder);
  if (!config) throw fail('FOLDER_BROKEN', { folder, problem: 'config.yaml is missing.' });
  const snapshot = newestWhole(disk, folder);
  if (!snapshot) {
    const remedy = 'Wait for its first checkpoint, or start the run again without --no-durability.';
    throw fail('MODEL_MISSING', { at: folder, problem: 'there is no checkpoint in it', remedy });
  }
  const run = typeof config['run'] === 'string' ? config['run'] : basename(resolve(folder));
  const trunk = buildTrunk(config['trunk'] as TrunkSpec, { at: join(folder, 'config.yaml') });
  const { heard, trunk: best } = snapshot.selection;
  const selects = config['select'] === 'best' && best !== null;
  const version = selects ? (createBestEvaluation(heard).version ?? snapshot.version) : snapshot.version;
  const values = selects ? best : snapshot.theta;
  if (values.length !== trunk.layout.length) {
    const problem = `the checkpoint holds ${values.length} values, the trunk of config.yaml has ${trunk.layout.length}.`;
    throw fail('FOLDER_BROKEN', { folder, problem });
  }
  const about = { run, rounds: String(version), digest: trunk.digest };
  const model: ExportedModel = { name: run, parts: [{ name: 'trunk', stack: trunk, values }], scores: null, about };
  return { model, trunk, run, version, planned: Number(config['rounds']) };
}

function newestWhole(disk: Disk, folder: string): RunSnapshot | undefined {
  const checkpoints = openGenerations(disk, join(folder, 'checkpoints'));
  let broken: unknown;
  for (const round of checkpoints.rounds().reverse()) {
    try {
      return decodeSnapshot(checkpoints.load(round).bytes) as RunSnapshot;
    } catch (thrown) {
      // A live run may have removed it meanwhile, or it is damaged: the one before serves.
      if (!(thrown instanceof TrunklineError)) throw thrown;
      broken ??= thrown;
    }
  }
  if (broken !== undefined) throw broken as Error;
  return undefined;
}
