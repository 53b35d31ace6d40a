import { fork } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../simulate/child.ts';

/** A process of a benchmark that is asked over its own channel, one request after another. It ends when the benchmark does. */
export interface Forked {
  readonly pid: number;
  ask<T>(name: string, value?: unknown): Promise<T>;
  close(): Promise<void>;
}

type Reply = { id: number; value: unknown } | { id: number; error: string };

/** How long one request may take. */
const PATIENCE_MS = 120_000;

/** @param entry a built program, relative to the clone @param node flags for Node itself */
export function forkBench(entry: string, args: readonly string[], node: readonly string[] = []): Forked {
  const child = fork(join(ROOT, entry), args, { execArgv: [...node], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${entry} ended`));
    waiting.clear();
  });
  child.on('message', (reply: Reply) => {
    const request = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply) request?.reject(new Error(`${entry}: ${reply.error}`));
    else request?.resolve(reply.value);
  });
  return {
    pid: child.pid!,
    ask: (name, value) =>
      new Promise((resolve, reject) => {
        const id = next++;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error(`${entry} does not answer ${name} for ${PATIENCE_MS / 1000} s`));
        }, PATIENCE_MS);
        const settled = <A extends unknown[]>(then: (...args: A) => void) => {
          return (...args: A) => {
            clearTimeout(timer);
            then(...args);
          };
        };
        waiting.set(id, { resolve: settled((value: unknown) => resolve(value as never)), reject: settled(reject) });
        child.send({ id, name, value });
      }),
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The other end: answers requests, and ends with whoever asks. */
export function answerBench(handlers: Readonly<Record<string, (value: never) => unknown>>): void {
  // A benchmark that is broken off must not leave processes that burn the cores of the next one.
  process.on('disconnect', () => process.exit());
  process.on('message', ({ id, name, value }: { id: number; name: string; value: never }) => {
    const reply = (answer: object) => void process.send!({ id, ...answer });
    Promise.resolve()
      .then(() => handlers[name]!(value))
      .then(
        (found) => reply({ value: found ?? null }),
        (error: Error) => reply({ error: error.message }),
      );
  });
}

/** CPU milliseconds of this process so far, user and system. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
