import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../simulate/child.ts';

/** A command as its user types it, after `npm run`. */
export type Command = readonly [program: 'client' | 'coordinator' | 'simulate', ...args: string[]];

/** What a command told before it ended. */
export interface Told {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PROGRAMS = {
  client: 'apps/client/dist/main.js',
  coordinator: 'apps/coordinator/dist/main.js',
  simulate: 'test/dist/simulate/main.js',
};

/** Runs commands one after the other in one process, which must then end by itself. */
export function tellAll(commands: readonly Command[]): Promise<Told[]> {
  const args = [join(ROOT, 'test/dist/bad-input/one-process.js'), JSON.stringify(commands)];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: 60_000, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`the commands did not all end by themselves: ${stderr}`, { cause: error }));
      else resolve(JSON.parse(stdout) as Told[]);
    });
  });
}

/** A command in a process of its own. */
export interface Running {
  readonly child: ChildProcess;
  readonly told: Promise<Told>;
  /** Resolves when stdout or stderr holds the pattern; rejects when the process ends without. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

export function start([program, ...args]: Command, options: { cwd?: string } = {}): Running {
  const child = spawn(process.execPath, [join(ROOT, PROGRAMS[program]), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  const heard = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      heard[name] += text;
      for (const listen of listeners) listen();
    });
  }
  let over = false;
  const told = new Promise<Told>((resolve) => {
    child.once('close', (code) => {
      over = true;
      for (const listen of listeners) listen();
      resolve({ code, ...heard });
    });
  });
  return {
    child,
    told,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const listen = () => {
          const found = pattern.exec(heard.stdout) ?? pattern.exec(heard.stderr);
          if (!found && !over) return;
          listeners.delete(listen);
          if (found) resolve(found);
          else reject(new Error(`ended without ${pattern}: ${heard.stdout}\n${heard.stderr}`));
        };
        listeners.add(listen);
        listen();
      }),
  };
}
