import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { taskModel } from '@trunkline/client';
import { fileDisk } from '@trunkline/model/disk';
import { writeModel } from '@trunkline/model/export';
import type { TaskPrediction } from '@trunkline/model/learner';
import { rehearse } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';

/** What is exported of each task, and opened by others. */
const FORMATS = ['keras', 'onnx', 'safetensors'] as const;

/** A task's exported model and what it is to say of the test split: one entry of `cases.json` of libs/model/src/export/predict.py. */
export interface ExportCase {
  readonly name: string;
  /** Shape of all inputs. */
  readonly rows: readonly number[];
  readonly formats: readonly string[];
}

const ROUNDS = 3;

/**
 * Trains a run a few rounds in this process and writes the model of each of its tasks into `folder` in every format, with the inputs of the test
 * split and the scores that the client's own learner gives them, which `client predict` prints.
 */
export async function exportRun(file: string, folder: string): Promise<ExportCase[]> {
  const settings = [`rounds=${ROUNDS}`, `evaluateEvery=${ROUNDS}`, 'probeEvery=0'];
  // One thread: the native backend is loaded once a process, for all runs of it.
  const rehearsal = await rehearse({ ...readJob(file, settings), threads: 1 });
  const { plan, keeper, seats } = rehearsal;
  try {
    while (keeper.version < ROUNDS) keeper.advance(await rehearsal.answers(await rehearsal.round()));
    const cases: ExportCase[] = [];
    for (const { client, learner } of seats) {
      const predictions = await learner.predict(keeper.theta, 'test');
      const learned = learner.snapshot() as Pick<Parameters<typeof taskModel>[1], 'heads' | 'adapters'>;
      const { version, theta } = keeper;
      const finished = {
        run: plan.config.run,
        trunk: plan.trunk,
        version,
        theta,
        scores: [],
        learner: learned,
        ...learned,
      };
      const plans = predictions.map((prediction) => prediction.plan);
      for (const prediction of predictions) {
        const { task } = prediction;
        const name = `${plan.config.run}-${client}-${task}`;
        const model = await taskModel(plans, finished, { client, task });
        for (const format of FORMATS)
          writeModel(fileDisk(), model, { to: join(folder, `${name}.${format}`), force: false, saved: new Date(0) });
        cases.push({ name, rows: await writeRows(join(folder, name), prediction), formats: FORMATS });
      }
    }
    return cases;
  } finally {
    rehearsal.dispose();
  }
}

/** @returns the shape of the inputs */
async function writeRows(path: string, { plan, rows, scores }: TaskPrediction): Promise<number[]> {
  const { source } = plan;
  const { inputs } = await source.read(
    'test',
    Array.from({ length: rows }, (_, row) => row),
  );
  for (const [ending, values] of [
    ['rows', inputs],
    ['scores', scores],
  ] as const)
    writeFileSync(`${path}.${ending}`, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return [rows, ...source.inputShape];
}
