import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import { collect, fail, hearInterrupts, toTrunklineError, type Exit, type TrunklineError } from '@trunkline/protocol';
import { addressOf } from '@trunkline/protocol/line';
import type { Agreement } from '../agreement.ts';
import { startClient } from '../client.ts';
import type { ClientEvent } from '../client-event.ts';
import type { Client } from '../conversation.ts';
import { openClient } from '../open-client.ts';
import { stateFolder } from '../state-folder.ts';
import { agreementText, eventText } from '../talk.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  token?: string;
  ca?: string;
  state?: string;
  threads?: string;
  set: string[];
  yes: boolean;
  delay: string;
  patienceMs: string;
  format: 'text' | 'jsonl';
}

const formatOption = () =>
  new Option('--format <text|jsonl>', 'jsonl: one event a line on stdout').choices(['text', 'jsonl']).default('text');

/** `client join URL CLIENT.yaml`: trains this client's tasks with a run until it ends. */
export function joinCommand(exit: Exit): Command {
  return new Command('join')
    .description('Join a run with the tasks of a client file, and train until it ends.')
    .argument('<url>', 'where the coordinator listens, for example http://127.0.0.1:4100')
    .argument('<client.yaml>', 'the client file')
    .option('--token <token>', 'the invitation’s token')
    .option('--ca <file>', 'certificates to trust in place of the system’s, PEM')
    .option('--state <dir>', 'folder for heads, adapters and optimizers (default: the client file’s, else per user)')
    .option('--threads <n>', 'threads of one operation (default: all cores)')
    .option('--set <key=value>', 'override a key of the client file; may be repeated', collect, [])
    .addOption(
      new Option('--delay <ms>', 'hold up each answer, for experiments with slow clients').default('0').hideHelp(),
    )
    .addOption(new Option('--patience-ms <ms>', 'how long the first connection is tried').default('60000').hideHelp())
    .option('--yes', 'agree to what will leave this client without being asked', false)
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  npm run client -- join http://127.0.0.1:4100 examples/hospitals/xray.yaml --yes\n',
    )
    .action(async (url: string, file: string, options: Options) => exit(...(await join(url, file, options))));
}

async function join(url: string, file: string, options: Options): Promise<[number, TrunklineError?]> {
  let client: Client | undefined;
  const interrupts = hearInterrupts(() => void client?.close('interrupted'));
  const line = (event: object) => options.format === 'jsonl' && process.stdout.write(`${JSON.stringify(event)}\n`);
  try {
    const threads = options.threads === undefined ? undefined : wholeNumber('threads', options.threads, 1);
    const config = await openClient(file, options.set);
    const emit = (event: ClientEvent) => {
      line(event);
      const text = eventText(event);
      if (text !== undefined) process.stderr.write(`${text}\n`);
    };
    client = await startClient(config, {
      url: addressOf(url),
      token: options.token,
      ca: options.ca,
      environment: process.env,
      threads,
      state: stateFolder(options.state, config, process.env),
      emit,
      agree: (agreement) => agree(agreement, options.yes),
      delay: () => delayed(Number(options.delay)),
      firstMs: wholeNumber('patience-ms', options.patienceMs, 0),
    });
    // Ctrl-C while the data was read: there was no client to close yet.
    if (interrupts.heard) await client.close('interrupted');
    const outcome = await client.done;
    if (outcome.kind === 'failed') throw outcome.error;
    if (outcome.kind === 'finished') line({ event: 'finished', tasks: outcome.tasks });
    return [interrupts.heard ? 130 : 0];
  } catch (thrown) {
    const error = toTrunklineError(thrown);
    line({ event: 'error', ...error.report() });
    return [error.exit, error];
  } finally {
    interrupts.release();
  }
}

const delayed = (ms: number): Promise<void> =>
  ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();

async function agree(agreement: Agreement, yes: boolean): Promise<boolean> {
  process.stderr.write(agreementText(agreement));
  if (yes) return true;
  if (!process.stdin.isTTY) {
    throw fail('USAGE', {
      what: 'Nobody is there to agree to what will leave this client.',
      remedy: 'Run it in a terminal, or pass --yes.',
    });
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question('Join? [y/N] ');
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}
