import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** The folder of the clone, from this file's source as well as from its built form. */
export const ROOT = cloneOf(import.meta.dirname);

function cloneOf(folder: string): string {
  return existsSync(join(folder, 'setup.mjs')) ? folder : cloneOf(dirname(folder));
}

/** A child process that speaks JSON lines on stdout; its talk goes to a log file. */
export interface Child {
  readonly process: ChildProcess;
  /** Resolves when it is over, with all its output read. */
  readonly exited: Promise<Ending>;
  /** The last lines it wrote to stderr. */
  readonly lastWords: () => string;
  /** The file that holds all it wrote there. */
  readonly log: string;
  /** Asks it to end; one that does not is ended. */
  stop(): void;
}

/**
 * Heaps here are small and most of the memory lies outside of them, in vectors that live for a round. The collector's helper threads take
 * more from the cores than they give; and a first limit of a few MB for the old space, which outside memory counts against, has it walk
 * the whole heap every few rounds: a quarter of the time of a client with 139,456 parameters, and with 400,000 a quarter still at a limit of 64 MB. The
 * commands of package.json set the same.
 */
const PROGRAM_FLAGS = ['--single-threaded-gc', '--initial-old-space-size=256'];

/**
 * A coordinator holds few objects and many vectors that live for one round: with a small nursery and a lower limit they are collected soon,
 * which halves what the process keeps resident. `npm run coordinator` sets the same.
 */
export const COORDINATOR_FLAGS = ['--max-semi-space-size=1', '--initial-old-space-size=64'];

/** A line of JSON; null for other text, and for a line that a process was ended in the middle of. */
function spoken(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** Why a process says that it ended: the line that names an error, else its last one. */
export function reasonOf(words: string): string {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => /^\w*error\b/i.test(line.trim())) ?? lines.at(-1) ?? 'it said nothing.';
}

export interface Ending {
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** `with code 3`, or `by signal SIGKILL`. */
  readonly how: string;
}

/** How long a child may take to end by itself. */
const GRACE_MS = 3_000;

export function runChild(options: {
  /** A built program, relative to the clone: `apps/client/dist/main.js`. `npm test` and `run.mjs` keep it up to date. */
  entry: string;
  args: readonly string[];
  log: string;
  /** Flags for Node itself. */
  node?: readonly string[];
  /** Beside this process's environment. */
  env?: NodeJS.ProcessEnv;
  /** A command that runs the program in its own place, `ip netns exec NAME` for example. */
  behind?: readonly string[];
  heard: (line: Record<string, unknown>) => void;
}): Child {
  mkdirSync(dirname(options.log), { recursive: true });
  const log = createWriteStream(options.log);
  const program = [
    process.execPath,
    ...PROGRAM_FLAGS,
    ...(options.node ?? []),
    join(ROOT, options.entry),
    ...options.args,
  ];
  const [command = '', ...args] = [...(options.behind ?? []), ...program];
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  let tail = '';
  child.stderr.on('data', (data: Buffer) => {
    log.write(data);
    tail = (tail + data.toString()).slice(-2000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = spoken(line);
    if (said) options.heard(said);
    else log.write(`${line}\n`);
  });
  let patience: NodeJS.Timeout | undefined;
  const exited = new Promise<Ending>((done) => {
    child.once('close', (code, signal) => {
      clearTimeout(patience);
      log.end();
      done({ code, how: code === null ? `by signal ${signal}` : `with code ${code}` });
    });
  });
  return {
    process: child,
    exited,
    lastWords: () => tail.trim(),
    log: options.log,
    stop() {
      child.kill('SIGTERM');
      patience ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    },
  };
}
