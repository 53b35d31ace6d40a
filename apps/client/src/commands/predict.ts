import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { conclude, fail, type Exit } from '@trunkline/protocol';
import type { Split } from '@trunkline/model/data';
import { predictFinished, scoredRows, type FinishedOptions, type ScoredRows } from '../finished-predictions.ts';
import { predictionTable } from '../prediction-table.ts';
import { finishedCommand } from './finished-command.ts';

interface Options extends FinishedOptions {
  readonly out?: string;
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
  readonly tasks: readonly ScoredRows[];
  /** Where the table went; null: stdout, or, with --format json, nowhere. */
  readonly out: string | null;
}

/** `client predict CLIENT.yaml`: what the model of a run that is over says of this client's rows. Nothing is connected. */
export function predictCommand(exit: Exit): Command {
  return finishedCommand('predict', (command) =>
    command.option('--out <file.csv>', 'where the table goes (default: stdout)'),
  )
    .description('Say of each row of a split what the trained model predicts: csv. Nothing is connected.')
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
  const found = await predictFinished(file, options);
  const { run, client, rounds, predictions } = found;
  const { split, out = null } = options;
  return {
    predicted: { run, client, rounds, split, tasks: scoredRows(found), out },
    table: predictionTable(predictions, split),
  };
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
