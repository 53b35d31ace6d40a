import { Command, CommanderError } from 'commander';
import { strategies } from '@trunkline/model/aggregation';
import { collect, errorText, fail, failure, success, toTrunklineError } from '@trunkline/protocol';
import { dataSets } from './data-sets.ts';
import { planCells, type Request } from './plan.ts';
import { fillCells } from './schedule.ts';
import { leftOf, summarize, type Board } from './summary.ts';
import { writeDocument } from './document.ts';
import { leaderboardText } from './table.ts';

interface Options {
  cache: string;
  only: string[];
  methods?: string;
  seeds: string;
  hours: string;
  set: string[];
  write?: string;
  format: 'text' | 'json';
}

const cli = new Command('leaderboard')
  .description(
    'Every method on every data set: scores, gain over training alone, conflicts, seconds. Finished cells are kept.',
  )
  .option('--only <dataset[,method...]>', 'this data set, with these methods; may be repeated', collect, [])
  .option('--methods <name,...>', 'these methods on every data set; default: the ten of the table, or `all`')
  .option('--seeds <n>', 'seeds 1 to n', '3')
  .option('--hours <h>', 'begin no training after so many hours; the rest is left for the next call', '12')
  .option('--cache <dir>', 'where finished cells and built data sets lie', 'runs/leaderboard')
  .option('--set <key=value>', 'override a key of every run file; may be repeated', collect, [])
  .option('--write <file.md>', 'write the tables as a document too')
  .option('--format <text|json>', 'json: one envelope on stdout', 'text')
  .addHelpText(
    'after',
    '\nExample:\n  npm run leaderboard -- --only labs,weighted-sum,pcgrad --only hospitals --hours 1\n',
  )
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
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const request: Request = {
    cache: options.cache,
    chosen: chosenOf(options),
    seeds: numberOf('seeds', options.seeds, 1),
    overrides: options.set,
    data: process.env['TRUNKLINE_DATA'],
  };
  const { cells, skipped } = planCells(request);
  for (const line of skipped) say(`skipped: ${line}`);
  const hours = numberOf('hours', options.hours, 0);
  const scheduled = await fillCells(cells, { ...request, hours, say, signal: abort.signal });
  if (abort.signal.aborted) say('interrupted; finished cells are kept');
  const board: Board = { dataSets: summarize(scheduled.finished), left: leftOf(scheduled.left), skipped };
  if (options.write !== undefined) writeDocument(options.write, board, new Date());
  const [failed] = scheduled.failed;
  if (format === 'text') process.stdout.write(leaderboardText(board));
  else if (!failed) process.stdout.write(`${JSON.stringify(success(board))}\n`);
  if (failed) throw failed.error;
  if (abort.signal.aborted) process.exitCode = 130;
} catch (thrown) {
  process.exitCode = report(thrown);
} finally {
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
}

function chosenOf({ only, methods }: Options): Request['chosen'] {
  const given = methods === 'all' ? Object.keys(strategies) : methods?.split(',');
  if (only.length === 0) return dataSets.map((dataSet) => ({ dataSet, ...(given && { methods: given }) }));
  return only.map((text) => {
    const [name, ...named] = text.split(',');
    const dataSet = dataSets.find((one) => one.name === name);
    if (!dataSet) {
      const known = dataSets.map((one) => one.name).join(', ');
      throw fail('USAGE', { what: `There is no data set ${name}.`, remedy: `Data sets: ${known}.` });
    }
    const chosen = named.length > 0 ? named : given;
    return { dataSet, ...(chosen && { methods: chosen }) };
  });
}

function numberOf(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && (option !== 'seeds' || Number.isInteger(value))) return value;
  throw fail('USAGE', {
    what: `--${option} ${text}: expected a number of at least ${least}.`,
    remedy: `Write for example --${option} 3.`,
  });
}

function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  const error = toTrunklineError(thrown);
  if (format === 'json') process.stdout.write(`${JSON.stringify(failure(error))}\n`);
  process.stderr.write(errorText(error));
  return error.exit;
}
