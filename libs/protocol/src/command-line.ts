import { errorText, failure, success } from './envelope.ts';
import { fail, toTrunklineError, type TrunklineError } from './fail.ts';

/** Hears how a command ended: its exit code, and the error that led to it. */
export type Exit = (code: number, error?: TrunklineError) => void;

/** What a command gives back. */
export interface Concluded {
  /** For programs: `data` of the envelope. */
  readonly data: unknown;
  /** For people, on stdout. */
  readonly text: string;
  /** Talk behind it, on stderr. */
  readonly aside?: string;
}

/** Carries a command out and says how it ended: on stdout its text, or with `json` one envelope; its exit code, and its error. Never rejects. */
export async function conclude(
  exit: Exit,
  format: 'text' | 'json',
  carryOut: () => Concluded | Promise<Concluded>,
): Promise<void> {
  const json = format === 'json';
  try {
    const { data, text, aside } = await carryOut();
    process.stdout.write(json ? `${JSON.stringify(success(data))}\n` : text);
    if (aside !== undefined) process.stderr.write(aside);
    exit(0);
  } catch (thrown) {
    const error = toTrunklineError(thrown);
    if (json) process.stdout.write(`${JSON.stringify(failure(error))}\n`);
    exit(error.exit, error);
  }
}

/** Gathers an option that may be repeated. */
export const collect = (value: string, before: string[]): string[] => [...before, value];

/** What is needed of a parser of command lines; commander's `Command` has it. */
export interface Program {
  readonly commands: readonly Program[];
  exitOverride(): unknown;
  configureOutput(to: { outputError: () => void }): unknown;
  parseAsync(args: readonly string[], from: { from: 'user' }): Promise<unknown>;
}

/**
 * Runs a program on what its user typed. What the parser refuses becomes an error like any other: a sentence and a remedy on stderr,
 * exit code 2, and on stdout the envelope or event that `--format` asks for.
 * @returns the exit code; never rejects
 */
export async function runProgram(create: (exit: Exit) => Program, args: readonly string[]): Promise<number> {
  let code = 0;
  const program = create((given, error) => {
    code = given;
    if (error) process.stderr.write(errorText(error));
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({ outputError: () => undefined });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (thrown) {
    const end = parserEnd(thrown);
    // Help that was asked for, and help because nothing was: both are written already.
    if (end?.exitCode === 0) return 0;
    if (end?.code === 'commander.help') return 2;
    const error = end ? usageError(end.message) : toTrunklineError(thrown);
    process.stdout.write(failureText(args, error));
    process.stderr.write(errorText(error));
    return error.exit;
  }
}

interface ParserEnd extends Error {
  readonly code: string;
  readonly exitCode: number;
}

const parserEnd = (thrown: unknown): ParserEnd | undefined =>
  thrown instanceof Error && /^commander\./.test(String((thrown as Partial<ParserEnd>).code))
    ? (thrown as ParserEnd)
    : undefined;

/** @param message `error: unknown option '--sed'`, and what was probably meant in brackets on a line of its own */
function usageError(message: string): TrunklineError {
  const [sentence = '', guess = ''] = message.replace(/^error: /, '').split('\n');
  const meant = /^\((Did you mean .*\?)\)$/.exec(guess)?.[1];
  const what = sentence.endsWith('.') ? sentence : `${sentence}.`;
  return fail('USAGE', { what, remedy: meant ?? 'Ask with --help for what there is.' });
}

/** What stdout gets of an error that ended a program before any command could read its options. */
function failureText(args: readonly string[], error: TrunklineError): string {
  const place = args.findIndex((arg) => arg === '--format' || arg.startsWith('--format='));
  const format = place < 0 ? 'text' : args[place]!.includes('=') ? args[place]!.split('=')[1] : args[place + 1];
  if (format === 'json') return `${JSON.stringify(failure(error))}\n`;
  return format === 'jsonl' ? `${JSON.stringify({ event: 'error', ...error.report() })}\n` : '';
}
