import { Command, Option } from 'commander';
import { conclude, type Concluded, type Exit } from '@trunkline/protocol';
import { findRun, type FoundRun } from '../find-run.ts';

interface Options {
  readonly runs: string;
  readonly format: 'text' | 'json';
}

export interface RunCommandOf {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  readonly run: (found: FoundRun) => Promise<Concluded>;
}

/** A command over one run: `NAME [RUN]`, with `--runs` and `--format text|json`. */
export function runCommand(exit: Exit, { name, description, example, run }: RunCommandOf): Command {
  return new Command(name)
    .description(description)
    .argument('[run]', 'the run’s name or folder (default: the only live one)')
    .option('--runs <dir>', 'folder of all runs', 'runs')
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', `\nExample:\n  npm run coordinator -- ${example}\n`)
    .action((named: string | undefined, { runs, format }: Options) =>
      conclude(exit, format, async () => {
        const found = await findRun(named, runs);
        try {
          return await run(found);
        } finally {
          found.line?.close();
        }
      }),
    );
}
