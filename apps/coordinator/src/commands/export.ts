import { Command, Option } from 'commander';
import { conclude, type Exit } from '@trunkline/protocol';
import { fileDisk } from '@trunkline/model/disk';
import { formatOf, writeModel, type ModelFormat } from '@trunkline/model/export';
import { findRun } from '../find-run.ts';
import { trunkCard } from '../trunk-card.ts';
import { runModel } from '../run-model.ts';

interface Options {
  readonly runs: string;
  readonly to: string;
  readonly force: boolean;
  readonly format: 'text' | 'json';
}

/** `data` of `coordinator export --format json`. */
interface Exported {
  readonly run: string;
  /** Rounds that made the trunk, and rounds that the run was to have. */
  readonly rounds: number;
  readonly planned: number;
  readonly parameters: number;
  readonly digest: string;
  readonly format: ModelFormat;
  readonly files: readonly string[];
}

/** `coordinator export [RUN] --to PATH`: the shared trunk for other tools. */
export function exportCommand(exit: Exit): Command {
  return new Command('export')
    .description('Write the trunk of a run, live or over, as .safetensors, .keras, .onnx, or a tfjs folder.')
    .argument('[run]', 'the run’s name or folder (default: the only live one)')
    .requiredOption('--to <path>', 'x.safetensors, x.keras, x.onnx, or a folder for a tfjs layers model')
    .option('--runs <dir>', 'folder of all runs', 'runs')
    .option('--force', 'write over what is there', false)
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', '\nExample:\n  npm run coordinator -- export hospitals --to trunk.keras\n')
    .action((named: string | undefined, options: Options) =>
      conclude(exit, options.format, async () => {
        const data = await exportTrunk(named, options);
        return { data, text: exportedText(data) };
      }),
    );
}

async function exportTrunk(named: string | undefined, { runs, to, force }: Options): Promise<Exported> {
  const { folder, line } = await findRun(named, runs);
  line?.close();
  const disk = fileDisk();
  const found = runModel(disk, folder);
  const { model, trunk, run, version, planned } = found;
  const card = trunkCard(disk, folder, found);
  const files = writeModel(disk, model, { to, force, saved: new Date(), card });
  const { digest, layout } = trunk;
  return { run, rounds: version, planned, parameters: layout.length, digest, format: formatOf(to), files };
}

const exportedText = ({ run, rounds, planned, parameters, files }: Exported): string =>
  `trunk of run ${run} after ${rounds} of ${planned} rounds, ${parameters} values: ${files.join(', ')}\n`;
