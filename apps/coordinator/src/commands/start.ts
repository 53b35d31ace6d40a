import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { collect, hearInterrupts, toTrunklineError, type Exit, type TrunklineError } from '@trunkline/protocol';
import { readRun } from '../config.ts';
import { startCoordinator, type Coordinator } from '../coordinator.ts';
import { portNamed, portSetting } from '../port-option.ts';
import type { Sink } from '../run-events.ts';
import { terminalOf, terminalSink } from '../sinks/terminal.ts';

interface Options {
  port?: string;
  runs: string;
  folder?: string;
  set: string[];
  format: 'text' | 'jsonl';
  insecure: boolean;
  tensorboard?: string | true;
  csv?: string | true;
  mlflow?: string;
  devCertificate: boolean;
  durability: boolean;
}

const formatOption = () =>
  new Option('--format <text|jsonl>', 'jsonl: one event a line on stdout').choices(['text', 'jsonl']).default('text');

/** `coordinator start RUN.yaml`: holds the trunk until the run is over. Resolves with the exit code. */
export function startCommand(exit: Exit): Command {
  return new Command('start')
    .description('Start a run, or go on with the one in its folder: wait for its clients, train, write the run folder.')
    .argument('<run.yaml>', 'the run file')
    .option('--port <n>', 'port to listen on (default: the run file’s)')
    .option('--runs <dir>', 'folder of all runs', 'runs')
    .option('--set <key=value>', 'override a key of the run file; may be repeated', collect, [])
    .option('--tensorboard [dir]', 'write event files for TensorBoard (default: into the run’s folder)')
    .option('--csv [dir]', 'write rounds.csv, scores.csv and clients.csv (default: into the run’s folder)')
    .option('--mlflow <url>', 'send figures to an MLflow server')
    .addOption(formatOption())
    .addOption(new Option('--folder <dir>', 'the run’s folder itself').hideHelp())
    .option('--no-durability', 'keep nothing that the run could go on from after a crash')
    .option('--insecure', 'listen off loopback without TLS and invitations', false)
    .option('--dev-certificate', 'TLS with a certificate made for this run, which clients are given as --ca', false)
    .addHelpText(
      'after',
      '\nExample:\n  npm run coordinator -- start examples/hospitals/run.yaml --port 4100 --set rounds=100\n',
    )
    .action(async (file: string, options: Options) => exit(...(await start(file, options))));
}

async function start(file: string, options: Options): Promise<[number, TrunklineError?]> {
  let coordinator: Coordinator | undefined;
  const interrupts = hearInterrupts(() => void coordinator?.close());
  try {
    const config = portNamed(readRun(file, [...options.set, ...flagged(options)]), options.port);
    const screen = terminalOf(process.stderr, process.env);
    const lines: Sink = (event) => void process.stdout.write(`${JSON.stringify(event)}\n`);
    const sinks = [terminalSink(screen, config.rounds), ...(options.format === 'jsonl' ? [lines] : [])];
    coordinator = await startCoordinator(config, {
      folder: options.folder ?? join(options.runs, config.run),
      sinks,
      insecure: options.insecure,
      devCertificate: options.devCertificate,
      resume: true,
      durable: options.durability,
    });
    // Ctrl-C while it started: there was no coordinator to close yet.
    if (interrupts.heard) void coordinator.close();
    const outcome = await coordinator.done;
    await coordinator.close();
    if (outcome.kind === 'failed') return [outcome.error.exit, outcome.error];
    return [interrupts.heard ? 130 : 0];
  } catch (thrown) {
    const error = toTrunklineError(thrown);
    if (options.format === 'jsonl') process.stdout.write(`${JSON.stringify({ event: 'error', ...error.report() })}\n`);
    return [error.exit, error];
  } finally {
    interrupts.release();
  }
}

/** Flags that are keys of the run file. A folder on the command line is relative to the caller's. */
function flagged({ port, tensorboard, csv, mlflow }: Options): string[] {
  const place = (given: string | true) => JSON.stringify(given === true ? true : resolve(given));
  return [
    ...portSetting(port),
    ...(tensorboard === undefined ? [] : [`output.tensorboard=${place(tensorboard)}`]),
    ...(csv === undefined ? [] : [`output.csv=${place(csv)}`]),
    ...(mlflow === undefined ? [] : [`output.mlflow=${JSON.stringify(mlflow)}`]),
  ];
}
