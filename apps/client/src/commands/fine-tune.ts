import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { Command, Option } from 'commander';
import { collect, conclude, fail, type Exit } from '@trunkline/protocol';
import { backendEnvironment, openBackend, requireGpu } from '@trunkline/model/backend';
import { fileDisk } from '@trunkline/model/disk';
import { readTrunkBytes } from '@trunkline/model/export';
import { needsNativeOrCpu } from '@trunkline/model/layer';
import type { TaskScore } from '@trunkline/model/learner';
import { jsonMetrics } from '@trunkline/model/metrics';
import type { Disk } from '@trunkline/model/store';
import { buildTrunk, readTrunkFile, trunkStart, type Trunk } from '@trunkline/model/trunk';
import { fineTune } from '../fine-tune.ts';
import { loadTasks } from '../load-task.ts';
import { openClient } from '../open-client.ts';
import { openRunStates } from '../run-states.ts';
import { heldStates, runStateFolder, stateFolder } from '../state-folder.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  readonly trunk: string;
  readonly rounds: string;
  readonly evaluateEvery?: string;
  readonly select: 'last' | 'best';
  readonly seed: string;
  readonly run: string;
  readonly force: boolean;
  readonly state?: string;
  readonly threads?: string;
  readonly set: string[];
  readonly format: 'text' | 'json';
}

/** `data` of `client fine-tune --format json`. */
interface Tuned {
  /** The name under which `predict` and `export` find it. */
  readonly run: string;
  readonly client: string;
  readonly rounds: number;
  /** The round that heads and adapters are of. */
  readonly kept: number;
  readonly trunk: { readonly parameters: number; readonly sha256: string };
  readonly tasks: readonly {
    readonly task: string;
    readonly rows: number;
    readonly metrics: Readonly<Record<string, number | null>>;
  }[];
  readonly folder: string;
}

/** `client fine-tune CLIENT.yaml --trunk FILE --rounds N`: heads and adapters on a trunk that stays as it is. Nothing is connected. */
export function fineTuneCommand(exit: Exit): Command {
  return new Command('fine-tune')
    .description('Train heads and adapters on an exported trunk that stays as it is. Nothing is connected.')
    .argument('<client.yaml>', 'the client file')
    .requiredOption(
      '--trunk <file>',
      'the trunk, as `export` writes it: x.safetensors, x.keras, x.onnx, or a tfjs folder',
    )
    .requiredOption('--rounds <n>', 'steps of training')
    .option('--evaluate-every <n>', 'rounds between scores of the validation split (default: 20 times in all)')
    .addOption(
      new Option('--select <which>', 'keep the last heads, or those with the best validation scores')
        .choices(['last', 'best'])
        .default('last' as const),
    )
    .option('--seed <n>', 'all chance comes from it: initial values, batches, dropout', '1')
    .option('--run <id>', 'name of the result in the state folder', 'fine-tune')
    .option('--force', 'put a result of this name aside and write another', false)
    .option('--state <dir>', 'folder of this client’s states (default: the client file’s, else per user)')
    .option('--threads <n>', 'threads of one operation (default: all cores)')
    .option('--set <key=value>', 'override a key of the client file; may be repeated', collect, [])
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    )
    .addHelpText(
      'after',
      '\nNothing is kept before the end: a training that is broken off begins anew.\n\nExample:\n  npm run client -- fine-tune my-client.yaml --trunk trunk.safetensors --rounds 500\n',
    )
    .action((file: string, options: Options) =>
      conclude(exit, options.format, async () => {
        const data = await tune(file, options);
        return { data, text: tunedText(data) };
      }),
    );
}

async function tune(file: string, options: Options): Promise<Tuned> {
  const rounds = wholeNumber('rounds', options.rounds, 1);
  const { evaluateEvery = String(Math.max(1, Math.ceil(rounds / 20))), select, run } = options;
  const training = {
    ...{ rounds, select },
    seed: wholeNumber('seed', options.seed, 0),
    evaluateEvery: wholeNumber('evaluate-every', evaluateEvery, 1),
    threads: options.threads === undefined ? availableParallelism() : wholeNumber('threads', options.threads, 1),
  };
  const config = await openClient(file, options.set);
  const { client, device } = config;
  requireGpu({ device, at: config.source.at(['device']) });
  const state = stateFolder(options.state, config, process.env);
  const disk = fileDisk();
  const said = (at: string, problem: string) => void process.stderr.write(`${at}: ${problem}\n`);
  const before = heldStates(disk, state, client, said).of(run);
  const folder = runStateFolder(state, run, client);
  if (before && !options.force) throw fail('FILE_EXISTS', { file: folder });
  const { trunk, theta, version } = readTrunk(disk, options.trunk);
  const plans = await loadTasks(config);
  // This thread is the only one of the process that loads the backend.
  const { threads } = training;
  Object.assign(process.env, backendEnvironment({ device, threads }));
  const { tf, line } = await openBackend({ device, threads, convolutional: needsNativeOrCpu(trunk) });
  said(client, line);
  said(client, `${rounds} rounds, kept at the end alone: broken off, the training begins anew`);
  for (const note of new Set(plans.flatMap(({ source }) => source.notes ?? []))) said(client, note);
  const scored = (round: number, scores: readonly TaskScore[]) =>
    said(`round ${round} of ${rounds}, validation split`, scores.map(scoreText).join('; '));
  const tuned = await fineTune({ ...training, tf, client, plans, trunk, theta, version, scored });
  // Written at the end alone: a training that is broken off leaves an earlier result as it is.
  const terms = { seed: training.seed, exchange: 'none', localSteps: null } as const;
  const label = { run, client, birth: randomUUID(), trunk: trunk.digest, url: '', terms };
  const states = openRunStates(disk, folder, { label, before: before?.label, said });
  states.saveFinal(tuned.state);
  states.finish(rounds);
  const { scores, kept, sha256 } = tuned;
  const tasks = scores.map(({ task, metrics }) => ({
    task,
    rows: plans.find(({ id }) => id === task)!.source.sizes.test,
    metrics: jsonMetrics(metrics),
  }));
  return { run, client, rounds, kept, trunk: { parameters: theta.length, sha256 }, tasks, folder };
}

/** @throws CONFIG_MISSING, MODEL_MISSING, DATA_FILE_BROKEN, LAYER_*, CONFIG_INVALID */
function readTrunk(disk: Disk, path: string): { trunk: Trunk; theta: Float32Array; version: number } {
  const file = basename(path);
  const bytes = readTrunkBytes(disk, path);
  if (!bytes) throw fail('CONFIG_MISSING', { file: path });
  const { spec, rounds } = readTrunkFile(bytes, file);
  if (!spec) {
    const problem = 'it does not say which layers its trunk has.';
    throw fail('DATA_FILE_BROKEN', { file, format: 'exported safetensors', problem });
  }
  const trunk = buildTrunk(spec, { at: file });
  const theta = new Float32Array(trunk.layout.length);
  trunkStart(trunk, bytes, { file, partial: false, at: file }).fill(theta);
  return { trunk, theta, version: rounds };
}

function scoreText({ task, metrics }: { task: string; metrics: Readonly<Record<string, number | null | undefined>> }) {
  const scores = Object.entries(metrics).map(([name, value]) => `${name} ${value?.toFixed(4) ?? 'undefined'}`);
  return `${task} ${scores.join(', ')}`;
}

const tunedText = ({ run, rounds, kept, trunk, tasks, folder }: Tuned): string =>
  [
    `heads and adapters of round ${kept} of ${rounds} on a trunk of ${trunk.parameters} values, unchanged (sha256 ${trunk.sha256})`,
    ...tasks.map((task) => `  test split, ${task.rows} rows: ${scoreText(task)}`),
    `  kept as run ${run} in ${join(folder, 'state.safetensors')}; use it by --run ${run}`,
    '',
  ].join('\n');
