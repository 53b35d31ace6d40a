import type { Command } from 'commander';
import { columns, conclude, type Exit } from '@trunkline/protocol';
import type { Split } from '@trunkline/model/data';
import { predictFinished, scoredRows, type FinishedOptions, type ScoredRows } from '../finished-predictions.ts';
import { finishedCommand } from './finished-command.ts';

interface Options extends FinishedOptions {
  readonly set: string[];
  readonly format: 'text' | 'json';
}

/** `data` of `client evaluate --format json`. */
interface Evaluated {
  readonly run: string;
  readonly client: string;
  /** Rounds that made the trunk. */
  readonly rounds: number;
  readonly split: Split;
  readonly tasks: readonly (ScoredRows & { /** null where no row is labelled. */ readonly loss: number | null })[];
}

/** `client evaluate CLIENT.yaml`: how good the model of a run that is over, or an exported one, is on this client's rows. */
export function evaluateCommand(exit: Exit): Command {
  return finishedCommand('evaluate')
    .description('Score a finished or exported model on a split of this client’s data. Nothing is connected.')
    .addHelpText('after', '\nExample:\n  npm run client -- evaluate my-client.yaml --split validation\n')
    .action((file: string, options: Options) =>
      conclude(exit, options.format, async () => {
        const data = await evaluate(file, options);
        const { run, rounds, split } = data;
        const aside =
          options.format === 'json' ? {} : { aside: `trunk of ${rounds} rounds of run ${run}, ${split} split\n` };
        return { data, text: evaluatedText(data), ...aside };
      }),
    );
}

async function evaluate(file: string, options: Options): Promise<Evaluated> {
  const found = await predictFinished(file, options);
  const losses = found.predictions.map(({ loss }) => (Number.isFinite(loss) ? loss : null));
  return {
    run: found.run,
    client: found.client,
    rounds: found.rounds,
    split: options.split,
    tasks: scoredRows(found).map((scored, i) => ({ ...scored, loss: losses[i]! })),
  };
}

/** A line a figure: tasks have metrics of their own. */
function evaluatedText({ tasks }: Evaluated): string {
  const lines = tasks.flatMap(({ task, rows, loss, metrics }) =>
    Object.entries({ ...metrics, loss }).map(([name, value], i) => [
      i === 0 ? task : '',
      i === 0 ? String(rows) : '',
      name,
      value?.toFixed(4) ?? 'undefined',
    ]),
  );
  return columns([['task', 'rows', 'metric', 'score'], ...lines], new Set([0, 2]))
    .map((line) => `${line}\n`)
    .join('');
}
