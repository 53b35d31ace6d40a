import { Command, Option } from 'commander';
import { failure, success, toTrunklineError, type Exit } from '@trunkline/protocol';
import { findRun, type FoundRun } from '../find-run.ts';

interface Options {
  readonly runs: string;
  readonly format: 'text' | 'json';
}

/** What a command that looks at a run, or changes one, gives back: data for programs, text for people. */
export interface Found {
  readonly data: unknown;
  readonly text: string;
}

export interface RunCommandOf {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  readonly run: (found: FoundRun) => Promise<Found>;
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
    .action(async (named: string | undefined, { runs, format }: Options) => {
      const json = format === 'json';
      try {
        const found = await findRun(named, runs);
        try {
          const { data, text } = await run(found);
          process.stdout.write(json ? `${JSON.stringify(success(data))}\n` : text);
        } finally {
          found.line?.close();
        }
        exit(0);
      } catch (thrown) {
        const error = toTrunklineError(thrown);
        if (json) process.stdout.write(`${JSON.stringify(failure(error))}\n`);
        exit(error.exit, error);
      }
    });
}
