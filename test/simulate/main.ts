import { Command, CommanderError } from 'commander';
import { terminalSink, type Screen } from '@trunkline/coordinator';
import { errorText, fail, failure, success, toTrunklineError } from '@trunkline/protocol';
import { readJob } from './job.ts';
import { searchTable } from './search-table.ts';
import { searchWeights } from './search.ts';
import { simulate } from './simulate.ts';
import { resultTable } from './table.ts';

interface Options {
  inProcess: boolean;
  alone: boolean;
  seeds?: string;
  search?: string;
  draws?: string;
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
  .option('--search <weights>', 'search fixed λ by successive halving on validation scores, in one process')
  .option('--draws <n>', 'with --search: so many random draws, instead of a grid for up to three tasks')
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
  const screen = { isTTY: process.stderr.isTTY, write: (text: string) => void process.stderr.write(text) };
  if (options.search === undefined) await compare(file, options, screen);
  else await search(file, options, (text) => screen.write(`${text}\n`));
} catch (thrown) {
  process.exitCode = report(thrown);
} finally {
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
}

async function compare(file: string, options: Options, screen: Screen): Promise<void> {
  if (options.draws !== undefined) {
    throw fail('USAGE', {
      what: '--draws belongs to --search.',
      remedy: 'Add --search weights, or leave --draws out.',
    });
  }
  const seeds = options.seeds === undefined ? {} : { seeds: countOf('seeds', options.seeds) };
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
}

async function search(file: string, options: Options, say: (text: string) => void): Promise<void> {
  const refused = options.search !== 'weights' ? `--search ${options.search}` : unsearchable(options);
  if (refused !== undefined) {
    throw fail('USAGE', {
      what: `${refused}: only \`--search weights\` is known, and it runs by itself in one process.`,
      remedy: 'Write for example: npm run simulate -- RUN.yaml --search weights --draws 16',
    });
  }
  const draws = options.draws === undefined ? {} : { draws: countOf('draws', options.draws) };
  const result = await searchWeights({ file, overrides: options.set, say, signal: abort.signal, ...draws });
  process.stdout.write(format === 'json' ? `${JSON.stringify(success(result))}\n` : `\n${searchTable(result)}`);
}

function unsearchable({ alone, seeds }: Options): string | undefined {
  if (alone) return '--alone with --search';
  return seeds === undefined ? undefined : '--seeds with --search';
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw fail('USAGE', {
    what: `--${option} ${text}: expected a whole number of at least 1.`,
    remedy: `Write for example --${option} 3.`,
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
