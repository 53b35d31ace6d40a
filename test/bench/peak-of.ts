import { readFileSync } from 'node:fs';

/** The most that a process has ever held resident, in bytes, as Linux counts it. */
export const peakOf = (pid: number): number =>
  1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN);
