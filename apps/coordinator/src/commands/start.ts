import { join } from 'node:path';
import { Command, Option } from 'commander';
import { toTrunklineError, type TrunklineError } from '@trunkline/protocol';
import { readRun } from '../config.ts';
import { startCoordinator, type Coordinator } from '../coordinator.ts';
import type { Sink } from '../run-events.ts';
import { terminalSink } from '../sinks/terminal.ts';

interface Options {
  port?: string;
  runs: string;
  folder?: string;
  set: string[];
  format: 'text' | 'jsonl';
  insecure: boolean;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `coordinator start RUN.yaml`: holds the trunk until the run is over. Resolves with the exit code. */
export function startCommand(exit: (code: number, error?: TrunklineError) => void): Command {
  return new Command('start')
    .description('Start a run: wait for its clients, train, write the run folder.')
    .argument('<run.yaml>', 'the run file')
    .option('--port <n>', 'port to listen on (default: the run file’s)')
    .option('--runs <dir>', 'folder of all runs', 'runs')
    .option('--set <key=value>', 'override a key of the run file; may be repeated', collect, [])
    .option('--format <text|jsonl>', 'jsonl: one event a line on stdout', 'text')
    .addOption(new Option('--folder <dir>', 'the run’s folder itself').hideHelp())
    .option('--insecure', 'listen off loopback without TLS and invitations', false)
    .addHelpText(
      'after',
      '\nExample:\n  npm run coordinator -- start examples/hospitals/run.yaml --port 4100 --set rounds=100\n',
    )
    .action(async (file: string, options: Options) => exit(...(await start(file, options))));
}

async function start(file: string, options: Options): Promise<[number, TrunklineError?]> {
  let coordinator: Coordinator | undefined;
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    void coordinator?.close();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const overrides = options.port === undefined ? options.set : [...options.set, `listen.port=${options.port}`];
    const config = readRun(file, overrides);
    const screen = { isTTY: process.stderr.isTTY, write: (text: string) => void process.stderr.write(text) };
    const lines: Sink = (event) => void process.stdout.write(`${JSON.stringify(event)}\n`);
    const sinks = [terminalSink(screen, config.rounds), ...(options.format === 'jsonl' ? [lines] : [])];
    coordinator = await startCoordinator(config, {
      folder: options.folder ?? join(options.runs, config.run),
      sinks,
      insecure: options.insecure,
    });
    const outcome = await coordinator.done;
    await coordinator.close();
    if (outcome.kind === 'failed') return [outcome.error.exit, outcome.error];
    return [interrupted ? 130 : 0];
  } catch (thrown) {
    const error = toTrunklineError(thrown);
    if (options.format === 'jsonl') process.stdout.write(`${JSON.stringify({ event: 'error', ...error.report() })}\n`);
    return [error.exit, error];
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
