import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import { conclude, fail, type Exit } from '@trunkline/protocol';
import { parseYaml } from '@trunkline/model/config';
import { proposeTable } from '@trunkline/model/data';
import { clientText } from '../client-text.ts';
import { checkClient } from '../config.ts';
import { loadTasks } from '../load-task.ts';

interface Options {
  readonly from?: string;
  readonly client?: string;
  readonly task?: string;
  readonly target?: string;
  readonly input: string;
  readonly yes: boolean;
  readonly force: boolean;
  readonly format: 'text' | 'json';
}

/** `data` of `client new --format json`. */
interface Written {
  readonly file: string;
  readonly client: string;
  readonly task: string;
  readonly target: string;
  readonly head: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly reasons: readonly string[];
}

/** Where questions are put and answered; nobody is there to answer unless `input` is a terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/** Puts a question with a proposed answer; `--yes` takes what is proposed. */
type Ask = (question: string, proposed: string | undefined) => Promise<string>;

/** `client new CLIENT.yaml`: writes a client file for a table of one's own, and opens the data as `join` would before it is written. */
export function newCommand(exit: Exit, terminal: Terminal = { input: process.stdin, output: process.stderr }): Command {
  return new Command('new')
    .description('Write a client file for a csv of your own: asks for data and task, or proposes them with --yes.')
    .argument('<client.yaml>', 'the file to write')
    .option('--from <data.csv>', 'the table; its columns say what is proposed')
    .option('--client <name>', 'the client’s name in the run (default: the file’s)')
    .option('--task <id>', 'the task’s name in the run (default: the target’s)')
    .option('--target <column>', 'the column to predict (default: the last)')
    .option('--input <shape>', 'shape of the trunk’s input, as the run has it: 32, or 28,28,1', '32')
    .option('--yes', 'take what is proposed without being asked', false)
    .option('--force', 'write over what is there', false)
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', '\nExample:\n  npm run client -- new my-client.yaml --from my.csv --target churned --yes\n')
    .action((file: string, options: Options) =>
      conclude(exit, options.format, async () => {
        const data = await write(file, options, terminal);
        return { data, text: writtenText(data) };
      }),
    );
}

async function write(file: string, options: Options, terminal: Terminal): Promise<Written> {
  if (existsSync(file) && !options.force) throw fail('FILE_EXISTS', { file });
  const { ask, close } = asking(options.yes, terminal);
  try {
    const from = options.from ?? (await ask('Which csv file holds your data?', undefined));
    const target =
      options.target ??
      (await ask('Which column is to be predicted?', proposeTable(read(from), { file: from }).target));
    const proposal = proposeTable(read(from), { file: from, target });
    const task = options.task ?? (await ask('What is the task called in the run?', idOf(proposal.target)));
    const client =
      options.client ?? (await ask('What is this client called?', idOf(basename(file).replace(/\..*$/, ''))));
    const data = relative(dirname(resolve(file)), resolve(from)).replaceAll('\\', '/');
    const text = clientText({ client, task, data, input: shapeOf(options.input), proposal });
    // As `join` would find it: what is wrong with name or data is said before there is a file.
    const plans = await loadTasks(checkClient(parseYaml(text, file)));
    try {
      writeFileSync(file, text);
    } catch (cause) {
      throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
    }
    const { head } = proposal;
    return {
      file,
      client,
      task,
      target: proposal.target,
      head,
      rows: plans[0]!.source.sizes,
      reasons: proposal.reasons,
    };
  } finally {
    close();
  }
}

/** @throws USAGE where nobody is there to answer */
function asking(yes: boolean, { input, output }: Terminal): { ask: Ask; close: () => void } {
  const terminal = input.isTTY && !yes ? createInterface({ input, output }) : undefined;
  return {
    close: () => terminal?.close(),
    async ask(question, proposed) {
      if (yes && proposed !== undefined) return proposed;
      if (!terminal) {
        const remedy = 'Run it in a terminal, or pass --from DATA.csv and --yes.';
        throw fail('USAGE', { what: `Nobody is there to answer: ${question}`, remedy });
      }
      const answer = await terminal.question(`${question}${proposed === undefined ? '' : ` [${proposed}]`} `);
      return answer.trim() || (proposed ?? '');
    },
  };
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw fail('CONFIG_MISSING', { file }, cause);
  }
}

/** A name as ids are written; `task` where nothing of it is left. */
const idOf = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'task';

function shapeOf(text: string): number[] {
  const shape = text.split(/[,x\s]+/).map(Number);
  if (shape.length <= 4 && shape.every((side) => Number.isInteger(side) && side > 0)) return shape;
  throw fail('USAGE', {
    what: `--input ${text}: expected the shape of the trunk’s input.`,
    remedy: 'Write for example --input 32 or --input 28,28,1.',
  });
}

function writtenText({ file, task, rows, reasons }: Written): string {
  const splits = Object.entries(rows).map(([split, count]) => `${count} ${split}`);
  return [
    ...reasons.map((reason) => `  ${reason}`),
    `${file} is written: task ${task}, ${splits.join(', ')} rows. Read it before you join.`,
    '',
  ].join('\n');
}
