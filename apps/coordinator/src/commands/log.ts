import { join } from 'node:path';
import { Command, Option } from 'commander';
import { fail, toTrunklineError, type Exit } from '@trunkline/protocol';
import { verifyAudit } from '../door/audit-chain.ts';
import { doorFiles } from '../door/door-files.ts';
import { findRun, type FoundRun } from '../find-run.ts';
import type { Written } from '../sinks/read-events.ts';
import { openEvents } from '../sinks/read-events.ts';
import { logSentence } from '../sinks/sentence.ts';

interface Options {
  readonly runs: string;
  readonly follow: boolean;
  readonly last?: string;
  readonly verify: boolean;
  readonly format: 'text' | 'jsonl';
}

/** How often a followed log is looked at. */
const LOOK_MS = 200;

/** `coordinator log [RUN]`: what has happened, and with --follow what happens. */
export function logCommand(exit: Exit): Command {
  return new Command('log')
    .description('Print what happened in a run, oldest first.')
    .argument('[run]', 'the run’s name or folder (default: the only live one)')
    .option('--runs <dir>', 'folder of all runs', 'runs')
    .option('--follow', 'go on with what happens, until the run ends or Ctrl-C', false)
    .option('--last <n>', 'begin with the last n events')
    .option('--verify', 'check instead that nobody changed the audit log: admissions, acceptances, refusals', false)
    .addOption(
      new Option('--format <text|jsonl>', 'jsonl: the lines of events.jsonl as they stand')
        .choices(['text', 'jsonl'])
        .default('text'),
    )
    .addHelpText('after', '\nExample:\n  npm run coordinator -- log --follow --last 20\n')
    .action(async (named: string | undefined, options: Options) => {
      const abort = new AbortController();
      const interrupt = () => abort.abort();
      process.once('SIGINT', interrupt);
      try {
        const found = await findRun(named, options.runs);
        try {
          if (options.verify) verify(found, options.format);
          else await print(found, options, abort.signal);
        } finally {
          found.line?.close();
        }
        exit(abort.signal.aborted ? 130 : 0);
      } catch (thrown) {
        const error = toTrunklineError(thrown);
        if (options.format === 'jsonl')
          process.stdout.write(`${JSON.stringify({ event: 'error', ...error.report() })}\n`);
        exit(error.exit, error);
      } finally {
        process.off('SIGINT', interrupt);
      }
    });
}

/** @throws AUDIT_BROKEN */
function verify({ folder }: FoundRun, format: Options['format']): void {
  const { audit } = doorFiles(folder);
  const { lines, hash } = verifyAudit(audit);
  const told = { event: 'verified', file: audit, lines, hash };
  const text = `${audit}: ${lines} lines, each as it was written; last hash ${hash}`;
  process.stdout.write(`${format === 'jsonl' ? JSON.stringify(told) : text}\n`);
}

async function print({ folder, line }: FoundRun, options: Options, signal: AbortSignal): Promise<void> {
  const { format, follow } = options;
  const log = openEvents(join(folder, 'events.jsonl'));
  const write = (one: Written) => {
    const text = format === 'jsonl' ? one.line : lineOf(one);
    if (text !== undefined) process.stdout.write(`${text}\n`);
  };
  for (const one of lastOf(log.more(), options.last, format)) write(one);
  if (follow && !line) process.stderr.write(`Nobody holds the run in ${folder} now: nothing more will happen.\n`);
  if (follow && line) {
    await line.ask('watch');
    for (let over = false; !over && !signal.aborted;) {
      over = await line.ended(LOOK_MS);
      for (const one of log.more()) write(one);
    }
  }
  const torn = log.torn();
  if (torn > 0)
    process.stderr.write(
      `${torn} ${torn === 1 ? 'line is' : 'lines are'} no event: cut off when a coordinator was killed.\n`,
    );
}

/** Of a log of millions of lines only those kept are held. */
function* lastOf(all: Iterable<Written>, last: string | undefined, format: 'text' | 'jsonl'): Generator<Written> {
  if (last === undefined) {
    yield* all;
    return;
  }
  const count = Number(last);
  if (!Number.isInteger(count) || count < 0 || last.trim() === '') {
    throw fail('USAGE', { what: `--last ${last}: expected a whole number.`, remedy: 'Write for example --last 20.' });
  }
  const kept: Written[] = [];
  for (const one of all) {
    if (format === 'text' && lineOf(one) === undefined) continue;
    kept.push(one);
    if (kept.length > count) kept.shift();
  }
  yield* kept;
}

function lineOf({ at, event }: Written): string | undefined {
  const text = logSentence(event);
  return text === undefined ? undefined : `${at.toISOString()}  ${text.replaceAll('\n', ' ')}`;
}
