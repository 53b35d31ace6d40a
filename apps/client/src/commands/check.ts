import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { bytesText, collect, conclude, durationText, type Exit } from '@trunkline/protocol';
import { addressOf, openLink, routeTo } from '@trunkline/protocol/line';
import { fileDisk } from '@trunkline/model/disk';
import { checkClient, type Checked } from '../check.ts';
import { openClientKey } from '../keys.ts';
import { openClient } from '../open-client.ts';
import { heldStates, stateFolder } from '../state-folder.ts';
import { openTrainer } from '../trainer.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  readonly token?: string;
  readonly ca?: string;
  readonly state?: string;
  readonly threads?: string;
  readonly set: string[];
  readonly patienceMs: string;
  readonly format: 'text' | 'json';
}

/** `client check URL CLIENT.yaml`: would it fit, and what would it cost? Nothing is joined and no gradient leaves. */
export function checkCommand(exit: Exit): Command {
  return new Command('check')
    .description('Check a client file against a coordinator without joining: data, shapes, and what the run will cost.')
    .argument('<url>', 'where the coordinator listens')
    .argument('<client.yaml>', 'the client file')
    .option('--token <token>', 'the invitation’s token; from then on it belongs to this client’s state folder')
    .option('--ca <file>', 'certificates to trust in place of the system’s, PEM')
    .option('--state <dir>', 'folder for heads, adapters and optimizers (default: the client file’s, else per user)')
    .option('--threads <n>', 'threads of one operation (default: all cores)')
    .option('--set <key=value>', 'override a key of the client file; may be repeated', collect, [])
    .addOption(new Option('--patience-ms <ms>', 'how long the connection is tried').default('10000').hideHelp())
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', '\nExample:\n  npm run client -- check http://127.0.0.1:4100 examples/hospitals/xray.yaml\n')
    .action((url: string, file: string, options: Options) =>
      conclude(exit, options.format, async () => {
        const data = await check(url, file, options);
        return { data, text: checkedText(file, data) };
      }),
    );
}

async function check(given: string, file: string, options: Options): Promise<Checked> {
  const url = addressOf(given);
  const config = await openClient(file, options.set);
  const { client, device } = config;
  const state = stateFolder(options.state, config, process.env);
  const patience = wholeNumber('patience-ms', options.patienceMs, 0);
  const identity = openClientKey(state, client, randomBytes);
  const route = routeTo(url, { ca: options.ca, environment: process.env });
  const at = { url, token: options.token, client, identity, route, random: Math.random };
  return checkClient(config, {
    url,
    threads: options.threads === undefined ? undefined : wholeNumber('threads', options.threads, 1),
    known: heldStates(fileDisk(), state, client).at(url),
    open: ({ threads }) => openTrainer({ device, threads }),
    peakMemory: () => process.resourceUsage().maxRSS * 1024,
    link: (deps) => openLink({ ...at, firstMs: patience, laterMs: patience }, deps),
  });
}

function checkedText(file: string, { bytes, tasks, notes, localSteps, ...told }: Checked): string {
  const answer = localSteps === null ? 'a gradient' : `the sum of ${localSteps} local updates`;
  return [
    `${file} fits run ${told.run} at ${told.url}; ${told.backend}`,
    ...tasks.map(({ task, rows, labelled, head, metrics }) => {
      const splits = Object.entries(rows).map(([split, count]) => `${count} ${split}`);
      return `  task ${task}: ${head}, ${splits.join(', ')} rows, ${labelled} labelled; scored by ${metrics.join(', ')}`;
    }),
    ...notes.map((note) => `  note: ${note}`),
    `  a round: ${answer} of ${told.parameters} values; ${bytesText(bytes.upRound)} up, ${bytesText(bytes.downRound)} down, ${durationText(told.stepMs)} of training here`,
    `  in all: ${told.rounds} rounds and ${told.evaluations} evaluations; at the most ${bytesText(bytes.up)} up and ${bytesText(bytes.down)} down, at the least ${durationText(told.trainingSeconds * 1000)} (others and the network not counted)`,
    `  memory: ${bytesText(told.memoryBytes)} in this process, its data and a few steps included`,
    '',
  ].join('\n');
}
