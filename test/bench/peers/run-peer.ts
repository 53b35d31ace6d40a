import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Peers } from './find-peers.ts';
import { resultLine } from './peer-figures.ts';

/** What a script gets to end the processes that it started, once it is asked to. */
const GRACE_MS = 20_000;

/**
 * Runs one of the scripts; the JSON line that it ends with.
 * @param limitS past it the script is interrupted, which makes it end what it started, and then ended
 * @throws Error, with its last words, when it fails, prints no result or takes too long
 */
export async function runPeer(
  { folder, python, data }: Peers,
  script: string,
  args: readonly string[],
  limitS: number,
): Promise<Record<string, unknown>> {
  const child = spawn(python, [join(folder, script), '--data', data, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // No bytecode beside the scripts: their folder may be read-only.
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', CUDA_VISIBLE_DEVICES: '' },
  });
  let [out, words, overdue] = ['', '', false];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (words = (words + data.toString()).slice(-2_000)));
  const timers = [
    setTimeout(() => {
      overdue = true;
      child.kill('SIGINT');
    }, limitS * 1000),
    setTimeout(() => child.kill('SIGKILL'), limitS * 1000 + GRACE_MS),
  ];
  const how = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === null ? `ended by ${signal}` : `exit code ${code}`));
  });
  timers.forEach(clearTimeout);
  if (overdue) throw new Error(`${script} was not done within ${limitS} s`);
  const result = resultLine(out);
  if (!result) throw new Error(`${script}: ${how}, no result; ${words.trim().split('\n').at(-1) ?? ''}`);
  return result;
}
