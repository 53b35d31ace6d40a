import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModelFile, taskModel } from '@trunkline/client';
import { fail } from '@trunkline/protocol';
import { fileDisk } from '@trunkline/model/disk';
import { writeModel, type ExportedModel } from '@trunkline/model/export';
import type { TaskPrediction } from '@trunkline/model/learner';
import type { TaskPlan } from '@trunkline/model/task';
import { rehearse } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';

/** What is exported of each task, and opened by others. */
const FORMATS = ['keras', 'onnx', 'safetensors'] as const;

/** The same, and a folder for tfjs: `client predict --model` takes each. */
const ENDINGS = [...FORMATS.map((format) => `.${format}`), '-tfjs'];

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
        for (const ending of ENDINGS) {
          const to = join(folder, `${name}${ending}`);
          writeModel(fileDisk(), model, { to, force: false, saved: new Date(0) });
          await refuseOthers(model, to, plans);
        }
        cases.push({ name, rows: await writeRows(join(folder, name), prediction), formats: FORMATS });
      }
    }
    return cases;
  } finally {
    rehearsal.dispose();
  }
}

/** A file from which `client predict --model` would predict otherwise: it must give back every weight, bit for bit. */
async function refuseOthers(model: ExportedModel, file: string, plans: readonly TaskPlan[]): Promise<void> {
  const { theta, heads, adapters } = (await readModelFile(fileDisk(), file, plans)).model;
  const [adapter, head] = [Object.values(adapters)[0]?.values, heads[model.name]?.values];
  const read = { adapter, trunk: theta, head };
  for (const { name, values } of model.parts) {
    if (!read[name] || Buffer.compare(bytesOf(values), bytesOf(read[name])) !== 0)
      throw fail('UNEXPECTED', { what: `${file} gives back another ${name} than was written` });
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);

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
    writeFileSync(`${path}.${ending}`, bytesOf(values));
  return [rows, ...source.inputShape];
}
