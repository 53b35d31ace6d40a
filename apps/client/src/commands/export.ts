import { Command, Option } from 'commander';
import { collect, conclude, type Exit } from '@trunkline/protocol';
import { fileDisk } from '@trunkline/model/disk';
import { formatOf, parametersOf, writeModel, type ModelFormat } from '@trunkline/model/export';
import { readFinishedModel } from '../finished-model.ts';
import { loadTasks } from '../load-task.ts';
import { openClient } from '../open-client.ts';
import { stateFolder } from '../state-folder.ts';
import { clientCard } from '../client-card.ts';
import { taskModel } from '../task-model.ts';

interface Options {
  readonly task?: string;
  readonly to: string;
  readonly state?: string;
  readonly run?: string;
  readonly force: boolean;
  readonly set: string[];
  readonly format: 'text' | 'json';
}

/** `data` of `client export --format json`. */
interface Exported {
  readonly run: string;
  readonly client: string;
  readonly task: string;
  /** Rounds that made the trunk. */
  readonly rounds: number;
  readonly parameters: number;
  readonly format: ModelFormat;
  readonly files: readonly string[];
}

/** `client export CLIENT.yaml --task ID --to PATH`: adapter, trunk and head of a task as one model for other tools. */
export function exportCommand(exit: Exit): Command {
  return new Command('export')
    .description('Write adapter, trunk and head of a task as one model: .safetensors, .keras, .onnx, or a tfjs folder.')
    .argument('<client.yaml>', 'the client file')
    .option('--task <id>', 'which task (default: the only one)')
    .requiredOption('--to <path>', 'x.safetensors, x.keras, x.onnx, or a folder for a tfjs layers model')
    .option('--state <dir>', 'folder of this client’s states (default: the client file’s, else per user)')
    .option('--run <id>', 'which run’s model (default: the only one)')
    .option('--force', 'write over what is there', false)
    .option('--set <key=value>', 'override a key of the client file; may be repeated', collect, [])
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', '\nExample:\n  npm run client -- export my-client.yaml --task churn --to churn.keras\n')
    .action((file: string, options: Options) =>
      conclude(exit, options.format, async () => {
        const data = await exportTask(file, options);
        return { data, text: exportedText(data) };
      }),
    );
}

async function exportTask(file: string, { to, task, force, ...options }: Options): Promise<Exported> {
  const config = await openClient(file, options.set);
  const { client } = config;
  const disk = fileDisk();
  const folder = stateFolder(options.state, config, process.env);
  const finished = readFinishedModel(disk, {
    folder,
    client,
    run: options.run,
    said: (at, problem) => process.stderr.write(`${at}: ${problem}\n`),
  });
  const plans = await loadTasks(config);
  const model = await taskModel(plans, finished, { client, task });
  const plan = plans.find(({ id }) => id === model.name)!;
  const card = clientCard(disk, model, { config, plan, finished, folder });
  const files = writeModel(disk, model, { to, force, saved: new Date(), card });
  const { run, version: rounds } = finished;
  return { run, client, task: model.name, rounds, parameters: parametersOf(model), format: formatOf(to), files };
}

const exportedText = ({ run, task, rounds, parameters, files }: Exported): string =>
  `task ${task} after ${rounds} rounds of run ${run}, ${parameters} values: ${files.join(', ')}\n`;
