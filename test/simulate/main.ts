import { Command, CommanderError } from 'commander';
import { terminalSink } from '@trunkline/coordinator';
import { errorText, fail, failure, success, toTrunklineError } from '@trunkline/protocol';
import { readJob } from './job.ts';
import { simulate } from './simulate.ts';
import { resultTable } from './table.ts';

interface Options {
  inProcess: boolean;
  alone: boolean;
  seeds?: string;
  set: string[];
  runs: string;
  format: 'text' | 'json';
}

const collect = (value: string, before: string[]): string[] => [...before, value];
const cli = new Command('simulate')
  .description('Train a whole run on this machine: one coordinator and a process a client, over real sockets.')
  .argument('<run.yaml>', 'a run file with `clients`')
  .option('--in-process', 'all clients’ steps in one process, without sockets', false)
  .option('--alone', 'train every task without the others too, and compare', false)
  .option('--seeds <n>', 'run n times with consecutive seeds; figures are means')
  .option('--set <key=value>', 'override a key of the run file; may be repeated', collect, [])
  .option('--runs <dir>', 'folder of all runs', 'runs')
  .option('--format <text|json>', 'json: one envelope on stdout', 'text')
  .addHelpText('after', '\nExample:\n  npm run simulate -- examples/hospitals/run.yaml --alone --set rounds=100\n')
  .exitOverride();

let format: Options['format'] = process.argv.includes('json') ? 'json' : 'text';
const abort = new AbortController();
const interrupt = () => abort.abort();
process.once('SIGINT', interrupt);
process.once('SIGTERM', interrupt);
try {
  cli.parse();
  const options = cli.opts<Options>();
  ({ format } = options);
  const file = cli.args[0]!;
  const seeds = options.seeds === undefined ? {} : { seeds: countOf(options.seeds) };
  const screen = { isTTY: process.stderr.isTTY, write: (text: string) => void process.stderr.write(text) };
  const { rounds } = readJob(file, options.set).config;
  const sink = terminalSink(screen, rounds);
  const result = await simulate(
    { file, overrides: options.set, inProcess: options.inProcess, alone: options.alone, runs: options.runs, ...seeds },
    {
      heard: (event) => sink(event, new Date()),
      say: (text) => screen.write(`${text}\n`),
      signal: abort.signal,
    },
  );
  process.stdout.write(format === 'json' ? `${JSON.stringify(success(result))}\n` : `\n${resultTable(result)}`);
} catch (thrown) {
  process.exitCode = report(thrown);
} finally {
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw fail('USAGE', {
    what: `--seeds ${text}: expected a whole number of at least 1.`,
    remedy: 'Write for example --seeds 3.',
  });
}

function report(thrown: unknown): number {
  if (abort.signal.aborted) {
    process.stderr.write('interrupted\n');
    return 130;
  }
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  const error = toTrunklineError(thrown);
  if (format === 'json') process.stdout.write(`${JSON.stringify(failure(error))}\n`);
  process.stderr.write(errorText(error));
  return error.exit;
}
