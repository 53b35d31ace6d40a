import { join } from 'node:path';
import { Command, Option } from 'commander';
import { collect, hearInterrupts, toTrunklineError, type Exit, type TrunklineError } from '@trunkline/protocol';
import { addressOf } from '@trunkline/protocol/line';
import { portNamed, portSetting } from '../port-option.ts';
import { readRelay } from '../relay/config.ts';
import { startRelay, type Relay } from '../relay/start-relay.ts';
import type { RunEvent } from '../run-events.ts';
import { terminalOf, terminalSink } from '../sinks/terminal.ts';

interface Options {
  token?: string;
  ca?: string;
  port?: string;
  runs: string;
  folder?: string;
  set: string[];
  format: 'text' | 'jsonl';
  insecure: boolean;
  devCertificate: boolean;
}

/** `coordinator relay URL RELAY.yaml`: stands between the clients of one site and a coordinator. Resolves with the exit code. */
export function relayCommand(exit: Exit): Command {
  return new Command('relay')
    .description(
      'Stand between the clients of one site and a coordinator: add what they send, and come in as one client.',
    )
    .argument('<url>', 'where the coordinator listens, for example http://127.0.0.1:4100')
    .argument('<relay.yaml>', 'the relay file')
    .option('--token <token>', 'the invitation’s token')
    .option('--ca <file>', 'certificates to trust in place of the system’s, PEM')
    .option('--port <n>', 'port to listen on (default: the relay file’s)')
    .option('--runs <dir>', 'folder of all runs and relays', 'runs')
    .option('--set <key=value>', 'override a key of the relay file; may be repeated', collect, [])
    .addOption(
      new Option('--format <text|jsonl>', 'jsonl: one event a line on stdout')
        .choices(['text', 'jsonl'])
        .default('text'),
    )
    .addOption(new Option('--folder <dir>', 'the relay’s folder itself').hideHelp())
    .option('--insecure', 'listen off loopback without TLS and invitations', false)
    .option('--dev-certificate', 'TLS with a certificate made for this relay, which clients are given as --ca', false)
    .addHelpText(
      'after',
      '\nExample:\n  npm run coordinator -- relay http://127.0.0.1:4100 my-relay.yaml --port 4200\n',
    )
    .action(async (url: string, file: string, options: Options) => exit(...(await relay(url, file, options))));
}

async function relay(url: string, file: string, options: Options): Promise<[number, TrunklineError?]> {
  let running: Relay | undefined;
  const search = new AbortController();
  const interrupts = hearInterrupts(() => (running ? void running.close() : search.abort()));
  const line = (event: object) =>
    void (options.format === 'jsonl' && process.stdout.write(`${JSON.stringify(event)}\n`));
  try {
    const config = portNamed(readRelay(file, [...options.set, ...portSetting(options.port)]), options.port);
    const { token, ca, insecure, devCertificate } = options;
    running = await startRelay(config, {
      ...{ url: addressOf(url), token, ca, insecure, devCertificate, environment: process.env },
      folder: options.folder ?? join(options.runs, config.relay),
      signal: search.signal,
      sinks: (rounds) => [
        terminalSink(terminalOf(process.stderr, process.env), rounds),
        (event: RunEvent) => line(event),
      ],
    });
    // Ctrl-C while it started: there was no relay to close yet.
    if (interrupts.heard) await running.close();
    const outcome = await running.done;
    await running.close();
    if (outcome.kind === 'failed') throw outcome.error;
    return [interrupts.heard ? 130 : 0];
  } catch (thrown) {
    if (thrown === search.signal.reason) return [130];
    const error = toTrunklineError(thrown);
    line({ event: 'error', ...error.report() });
    return [error.exit, error];
  } finally {
    interrupts.release();
  }
}
