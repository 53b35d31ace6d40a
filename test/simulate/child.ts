import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** A child process that speaks JSON lines on stdout; its talk goes to a log file. */
export interface Child {
  readonly process: ChildProcess;
  /** Resolves with its exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** The last lines it wrote to stderr. */
  readonly lastWords: () => string;
  stop(): void;
}

/**
 * A coordinator holds few objects and many vectors that live for one round: with a small nursery they are collected soon, which
 * halves what the process keeps resident. `npm run coordinator` sets the same.
 */
export const COORDINATOR_FLAGS = ['--max-semi-space-size=1'];

export function runChild(options: {
  entry: string;
  args: readonly string[];
  log: string;
  /** Flags for Node itself. */
  node?: readonly string[];
  /** Beside this process's environment. */
  env?: NodeJS.ProcessEnv;
  heard: (line: Record<string, unknown>) => void;
}): Child {
  mkdirSync(dirname(options.log), { recursive: true });
  const log = createWriteStream(options.log);
  const child = spawn(
    process.execPath,
    [
      ...(options.node ?? []),
      '--conditions=@trunkline/source',
      '--import',
      'tsx',
      join(ROOT, options.entry),
      ...options.args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } },
  );
  let tail = '';
  child.stderr.on('data', (data: Buffer) => {
    log.write(data);
    tail = (tail + data.toString()).slice(-2000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) options.heard(JSON.parse(line) as Record<string, unknown>);
    else log.write(`${line}\n`);
  });
  const exited = new Promise<number | null>((done) => {
    child.once('close', (code) => {
      log.end();
      done(code);
    });
  });
  return {
    process: child,
    exited,
    lastWords: () => tail.trim(),
    stop: () => void child.kill('SIGTERM'),
  };
}
