import { join } from 'node:path';
import { runChild } from '../simulate/child.ts';

export interface OneProcess {
  readonly file: string;
  readonly overrides: readonly string[];
  readonly threads: number;
  /** Rounds left out at the start. */
  readonly warmUp: number;
}

export interface OneProcessRate {
  /** Rounds per second. */
  readonly rate: number;
  /** CPU of a round, user and system, in milliseconds. */
  readonly cpuMs: number;
}

/** The same training in one process with as many threads: what distributed training is compared with. */
export async function inOneProcess(ask: OneProcess, folder: string): Promise<OneProcessRate> {
  let found: OneProcessRate | undefined;
  const child = runChild({
    entry: 'test/dist/bench/one-process.js',
    args: [JSON.stringify(ask)],
    log: join(folder, 'one-process.log'),
    heard: (line) => (found = line as unknown as OneProcessRate),
  });
  const { code } = await child.exited;
  if (code !== 0 || !found) throw new Error(`the one-process baseline ended with code ${code}: ${child.lastWords()}`);
  return found;
}
