import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { collect, conclude, fail, type Exit } from '@trunkline/protocol';
import { backendEnvironment, openBackend, requireGpu } from '@trunkline/model/backend';
import type { Split } from '@trunkline/model/data';
import { fileDisk } from '@trunkline/model/disk';
import { needsNativeOrCpu } from '@trunkline/model/layer';
import { createLearner } from '@trunkline/model/learner';
import { readFinishedModel } from '../finished-model.ts';
import { loadTasks } from '../load-task.ts';
import { openClient } from '../open-client.ts';
import { predictionTable } from '../prediction-table.ts';
import { defaultStateFolder } from '../state-folder.ts';
import { stateOf, wholeNumber } from './join.ts';

interface Options {
  readonly split: 'train' | 'validation' | 'test';
  readonly state?: string;
  readonly run?: string;
  readonly out?: string;
  readonly threads?: string;
  readonly set: string[];
  readonly format: 'text' | 'json';
}

/** `data` of `client predict --format json`. */
interface Predicted {
  readonly run: string;
  readonly client: string;
  /** Rounds that made the trunk. */
  readonly rounds: number;
  readonly split: Split;
  readonly tasks: readonly {
    readonly task: string;
    readonly rows: number;
    readonly metrics: Readonly<Record<string, number | null>>;
  }[];
  /** Where the table went; null: stdout, or, with --format json, nowhere. */
  readonly out: string | null;
}

/** `client predict CLIENT.yaml`: what the model of a run that is over says of this client's rows. Nothing is connected. */
export function predictCommand(exit: Exit): Command {
  return new Command('predict')
    .description('Say of each row of a split what the trained model predicts: csv. Nothing is connected.')
    .argument('<client.yaml>', 'the client file')
    .addOption(
      new Option('--split <name>', 'which rows').choices(['train', 'validation', 'test']).default('test' as const),
    )
    .option('--state <dir>', 'folder of this client’s states (default: the client file’s, else per user)')
    .option('--run <id>', 'which run’s model (default: the only one)')
    .option('--out <file.csv>', 'where the table goes (default: stdout)')
    .option('--threads <n>', 'threads of one operation (default: all cores)')
    .option('--set <key=value>', 'override a key of the client file; may be repeated', collect, [])
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', '\nExample:\n  npm run client -- predict my-client.yaml --split test --out predicted.csv\n')
    .action((file: string, options: Options) =>
      conclude(exit, options.format, async () => {
        const { predicted, table } = await predict(file, options);
        if (options.out !== undefined) written(options.out, table);
        return {
          data: predicted,
          text: options.out === undefined ? table : '',
          ...(options.format === 'json' ? {} : { aside: predictedText(predicted) }),
        };
      }),
    );
}

async function predict(file: string, options: Options): Promise<{ predicted: Predicted; table: string }> {
  const config = await openClient(file, options.set);
  const { client, device } = config;
  requireGpu({ device, at: config.source.at(['device']) });
  const threads = options.threads === undefined ? availableParallelism() : wholeNumber('threads', options.threads, 1);
  const {
    run,
    trunk,
    version,
    theta,
    learner: saved,
  } = readFinishedModel(fileDisk(), {
    folder: options.state ?? stateOf(config) ?? defaultStateFolder(process.env),
    client,
    run: options.run,
    said: (at, problem) => process.stderr.write(`${at}: ${problem}\n`),
  });
  // This thread is the only one of the process that loads the backend.
  Object.assign(process.env, backendEnvironment({ device, threads }));
  const { tf } = await openBackend({ device, threads, convolutional: needsNativeOrCpu(trunk) });
  const tasks = await loadTasks(config);
  // Every initial value is replaced by a saved one: no seed matters.
  const learner = await createLearner({ tf, trunk, tasks, seed: 0, client, weightHeads: true });
  try {
    learner.restore(saved);
    const { split, out = null } = options;
    const predictions = await learner.predict(theta, split);
    const shown = predictions.map(({ task, rows, metrics }) => ({
      task,
      rows,
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? null])),
    }));
    return {
      predicted: { run, client, rounds: version, split, tasks: shown, out },
      table: predictionTable(predictions, split),
    };
  } finally {
    learner.dispose();
  }
}

function written(file: string, table: string): void {
  try {
    writeFileSync(file, table);
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
  }
}

function predictedText({ run, rounds, split, tasks, out }: Predicted): string {
  const lines = tasks.map(({ task, rows, metrics }) => {
    const scores = Object.entries(metrics).map(([name, value]) => `${name} ${value?.toFixed(4) ?? 'undefined'}`);
    return `  task ${task}: ${rows} ${split} rows, ${scores.join(', ')}`;
  });
  const where = out === null ? '' : `, written to ${out}`;
  return [`trunk of ${rounds} rounds of run ${run}${where}`, ...lines, ''].join('\n');
}
