import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { COMPARED, terminalOf, terminalSink, writeReport, type Screen } from '@trunkline/coordinator';
import {
  collect,
  fail,
  failure,
  hearInterrupts,
  success,
  toTrunklineError,
  type Exit,
  type TrunklineError,
} from '@trunkline/protocol';
import { dryRun, dryRunTable } from './dry-run.ts';
import { openJob } from './job.ts';
import { searchTable } from './search-table.ts';
import { searchWeights } from './search.ts';
import { simulate } from './simulate.ts';
import { resultTable } from './table.ts';
import { virtualRules, type VirtualRules, type VirtualTexts } from './virtual/options.ts';

interface Options extends VirtualTexts {
  inProcess: boolean;
  alone: boolean;
  dryRun: boolean;
  seeds?: string;
  search?: string;
  draws?: string;
  set: string[];
  runs: string;
  report?: string;
  format: 'text' | 'json';
}

/** What a command needs of its surroundings. */
interface Call {
  readonly file: string;
  readonly options: Options;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

const formatOption = () =>
  new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text');

/** `simulate RUN.yaml`: a whole run on this machine. `exit` hears the code, and the error that led to it. */
export function simulateCli(exit: Exit): Command {
  return new Command('simulate')
    .description('Train a whole run on this machine: one coordinator and a process a client, over real sockets.')
    .argument('<run.yaml>', 'a run file with `clients`')
    .option('--in-process', 'all clients’ steps in one process, without sockets', false)
    .option('--alone', 'train every task without the others too, and compare', false)
    .option('--dry-run', 'train nothing: check every client against the run, and say what it will cost', false)
    .option('--seeds <n>', 'run n times with consecutive seeds; figures are means')
    .option('--search <weights>', 'search fixed λ by successive halving on validation scores, in one process')
    .option('--draws <n>', 'with --search: so many random draws, instead of a grid for up to three tasks')
    .option('--virtual <n>', 'n clients without sockets, copies of the run’s own with a part of their data each')
    .option('--sample <share>', 'with --virtual: the share of them that each round calls; 0.1 when left out')
    .option('--skew <alpha>', 'with --virtual: Dirichlet-mixed classes instead of equal parts; small: few classes each')
    .option('--lost <share>', 'with --virtual: the share of answers that never arrive')
    .option('--slow <share>', 'with --virtual: the share of calls over a line sixty times slower')
    .option('--set <key=value>', 'override a key of the run file; may be repeated', collect, [])
    .option('--runs <dir>', 'folder of all runs', 'runs')
    .option(
      '--report <file>',
      'write the run’s dashboard as one HTML file; with --seeds the curves of all over each other',
    )
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  npm run simulate -- examples/hospitals/run.yaml --alone --set rounds=100\n')
    .action(async (file: string, options: Options) => exit(...(await run(file, options))));
}

async function run(file: string, options: Options): Promise<[number, TrunklineError?]> {
  const abort = new AbortController();
  const interrupts = hearInterrupts(() => abort.abort());
  const screen = terminalOf(process.stderr, process.env);
  const call: Call = { file, options, screen, signal: abort.signal };
  const json = options.format === 'json';
  try {
    const { data, table } = await chosen(call);
    process.stdout.write(json ? `${JSON.stringify(success(data))}\n` : `\n${table}`);
    return [0];
  } catch (thrown) {
    const error = abort.signal.aborted ? fail('INTERRUPTED', {}, thrown) : toTrunklineError(thrown);
    if (json) process.stdout.write(`${JSON.stringify(failure(error))}\n`);
    return [error.exit, error];
  } finally {
    interrupts.release();
  }
}

function chosen(call: Call): Promise<{ data: unknown; table: string }> {
  const { inProcess, alone, dryRun, search: searched, report } = call.options;
  const others = { 'in-process': inProcess, alone, 'dry-run': dryRun, search: searched, report };
  const virtual = virtualRules(call.options, others);
  if (dryRun) return rehearse(call);
  return call.options.search === undefined ? compare(call, virtual) : search(call);
}

async function rehearse({ file, options, screen, signal }: Call): Promise<{ data: unknown; table: string }> {
  const other = (['inProcess', 'alone', 'seeds', 'search', 'draws', 'report'] as const).find((key) => options[key]);
  if (other !== undefined) {
    const what = `--dry-run trains nothing: it does not go with ${other === 'inProcess' ? '--in-process' : `--${other}`}.`;
    throw fail('USAGE', { what, remedy: 'Leave one of the two out.' });
  }
  const say = (text: string) => screen.write(`${text}\n`);
  const data = await dryRun(await openJob(file, options.set), { say, signal });
  return { data, table: dryRunTable(data) };
}

async function compare(
  { file, options, screen, signal }: Call,
  virtual: VirtualRules | undefined,
): Promise<{ data: unknown; table: string }> {
  if (options.draws !== undefined) {
    throw fail('USAGE', {
      what: '--draws belongs to --search.',
      remedy: 'Add --search weights, or leave --draws out.',
    });
  }
  const { set: overrides, inProcess, alone, runs, report } = options;
  if (report !== undefined && inProcess) {
    const what =
      '--report draws what a coordinator hears round by round, and --in-process has none: it scores at the end alone, and knows neither clients nor transfers.';
    throw fail('USAGE', { what, remedy: 'Leave --in-process out: over sockets the run ends in the same bytes.' });
  }
  if (report !== undefined) requireFolder(report);
  const seeds = options.seeds === undefined ? {} : { seeds: countOf('seeds', options.seeds) };
  const sink = terminalSink(screen, (await openJob(file, overrides)).config.rounds);
  const data = await simulate(
    { file, overrides, inProcess, alone, runs, ...seeds, ...(virtual ? { virtual } : {}) },
    { heard: (event) => sink(event, new Date()), say: (text) => screen.write(`${text}\n`), signal },
  );
  if (report !== undefined) {
    const folders = 'folder' in data ? [data.folder] : data.runs.map(({ folder }) => folder);
    writeReport(folders, report, new Date());
    if (folders.length > COMPARED)
      screen.write(
        `${report} shows the first ${COMPARED} of ${folders.length} seeds; \`coordinator view\` shows others\n`,
      );
  }
  return { data, table: resultTable(data) };
}

/** What is to be written after a training of hours must be writable before it. */
function requireFolder(file: string): void {
  const folder = dirname(file);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw fail('STORAGE_FAILED', { file, reason: `there is no folder ${folder}` });
}

async function search({ file, options, screen, signal }: Call): Promise<{ data: unknown; table: string }> {
  const refused = options.search !== 'weights' ? `--search ${options.search}` : unsearchable(options);
  if (refused !== undefined) {
    throw fail('USAGE', {
      what: `${refused}: only \`--search weights\` is known, and it runs by itself in one process.`,
      remedy: 'Write for example: npm run simulate -- RUN.yaml --search weights --draws 16',
    });
  }
  const draws = options.draws === undefined ? {} : { draws: countOf('draws', options.draws) };
  const say = (text: string) => screen.write(`${text}\n`);
  const data = await searchWeights({ file, overrides: options.set, say, signal, ...draws });
  return { data, table: searchTable(data) };
}

function unsearchable({ alone, seeds, report }: Options): string | undefined {
  if (alone) return '--alone with --search';
  if (report !== undefined) return '--report with --search';
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
