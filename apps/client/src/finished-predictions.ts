import { availableParallelism } from 'node:os';
import { backendEnvironment, openBackend, requireGpu } from '@trunkline/model/backend';
import type { Split } from '@trunkline/model/data';
import { fileDisk } from '@trunkline/model/disk';
import { needsNativeOrCpu } from '@trunkline/model/layer';
import { createLearner, type TaskPrediction } from '@trunkline/model/learner';
import { jsonMetrics } from '@trunkline/model/metrics';
import type { TaskPlan } from '@trunkline/model/task';
import { readFinishedModel, type FinishedModel } from './finished-model.ts';
import { loadTasks } from './load-task.ts';
import { readModelFile } from './model-file.ts';
import { openClient } from './open-client.ts';
import { stateFolder } from './state-folder.ts';
import { wholeNumber } from './whole-number.ts';

/** Which model, and which rows: what `predict` and `evaluate` are asked with. */
export interface FinishedOptions {
  readonly split: Split;
  /** An exported file; left out: what the state folder has of a run that is over. */
  readonly model?: string;
  readonly state?: string;
  readonly run?: string;
  readonly threads?: string;
  readonly set: readonly string[];
}

/** What a finished model says of a split, with figures that JSON can hold. */
export interface FinishedPredictions {
  readonly run: string;
  readonly client: string;
  /** Rounds that made the trunk. */
  readonly rounds: number;
  readonly predictions: readonly TaskPrediction[];
}

export interface ScoredRows {
  readonly task: string;
  readonly rows: number;
  /** null where a metric is undefined on the split. */
  readonly metrics: Readonly<Record<string, number | null>>;
}

/**
 * Opens a client file, its data and a finished model, and predicts every row of a split. Nothing is connected. Loads the backend: the caller's
 * thread must be the only one of the process that does.
 * @throws MODEL_MISSING, MODEL_OTHER, SNAPSHOT_BROKEN, USAGE, GPU_ABSENT, and what opening a client file and its data raises
 */
export async function predictFinished(file: string, options: FinishedOptions): Promise<FinishedPredictions> {
  const config = await openClient(file, options.set);
  const { client, device } = config;
  requireGpu({ device, at: config.source.at(['device']) });
  const threads = options.threads === undefined ? availableParallelism() : wholeNumber('threads', options.threads, 1);
  const found = options.model === undefined ? fromState() : undefined;
  const plans = await loadTasks(config);
  const { model, tasks } = found ? { model: found, tasks: plans } : await fromFile(options.model!, plans);
  const { run, trunk, version, theta } = model;
  Object.assign(process.env, backendEnvironment({ device, threads }));
  const { tf } = await openBackend({ device, threads, convolutional: needsNativeOrCpu(trunk) });
  // Every initial value is replaced by a saved one: no seed matters.
  const learner = await createLearner({ tf, trunk, tasks, seed: 0, client, weightHeads: true });
  try {
    learner.restore(model.learner);
    return { run, client, rounds: version, predictions: await learner.predict(theta, options.split) };
  } finally {
    learner.dispose();
  }

  // Before the data are opened: that may take long, and a missing model needs none of them.
  function fromState(): FinishedModel {
    return readFinishedModel(fileDisk(), {
      folder: stateFolder(options.state, config, process.env),
      client,
      run: options.run,
      said: (at, problem) => process.stderr.write(`${at}: ${problem}\n`),
    });
  }
}

async function fromFile(
  file: string,
  plans: readonly TaskPlan[],
): Promise<{ model: FinishedModel; tasks: readonly TaskPlan[] }> {
  const { model, plan } = await readModelFile(fileDisk(), file, plans);
  return { model, tasks: [plan] };
}

export const scoredRows = ({ predictions }: FinishedPredictions): ScoredRows[] =>
  predictions.map(({ task, rows, metrics }) => ({
    task,
    rows,
    metrics: jsonMetrics(metrics),
  }));
