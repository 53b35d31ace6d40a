import { spawn } from 'node:child_process';
import { once } from 'node:events';

const TAIL = 16_384;
const running = new Set();

/**
 * Runs a program without a shell and without letting it hang.
 *
 * @param {string[]} command program and arguments
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, limitMs: number, quietMs?: number, measure?: () => Promise<number> }} options
 *   `limitMs`: the whole time it may take; `quietMs`: how long it may go on without a word and without `measure` (bytes on
 *   disk, say) growing.
 * @returns {Promise<{ ok: boolean, stdout: string, stderr: string, stopped: string }>} the last 16 KB of both streams;
 *   `stopped` says why it was ended early, or why it could not be started, and is empty otherwise
 */
export async function runChild(command, { cwd, env, limitMs, quietMs = limitMs, measure }) {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const result = { ok: false, stdout: '', stderr: '', stopped: '' };
  let heard = Date.now();
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      heard = Date.now();
      result[stream] = (result[stream] + text).slice(-TAIL);
    });
  }
  const started = Date.now();
  let size = 0;
  const watch = setInterval(async () => {
    const now = measure ? await measure() : 0;
    if (now > size) heard = Date.now();
    size = now;
    const quiet = Date.now() - heard > quietMs;
    if (!quiet && Date.now() - started < limitMs) return;
    result.stopped ||= quiet
      ? `nothing happened for ${Math.round(quietMs / 1000)} s`
      : `not done after ${Math.round(limitMs / 1000)} s`;
    end(child);
  }, 500);
  running.add(child);
  try {
    const [code] = await once(child, 'close');
    result.ok = code === 0 && result.stopped === '';
  } catch (error) {
    result.stopped = error.message;
  } finally {
    running.delete(child);
    clearInterval(watch);
  }
  return result;
}

/** Ends every program that is still running, with what it started: for an interrupted set-up. */
export function endChildren() {
  for (const child of running) end(child);
}

function end(child) {
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
