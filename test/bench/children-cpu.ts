import { readFileSync } from 'node:fs';

/** Linux counts in ticks of 1/100 s for every program, whatever the kernel's own clock is (proc(5), time(7)). */
const TICKS = 100;

/**
 * CPU seconds, user and system, that the children of this process which run now have used since they began, to 10 ms each. Unlike wall time they
 * hardly depend on what else the machine does. NaN where there is no `/proc` that says so.
 */
export function childrenCpuSeconds(): number {
  try {
    const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim();
    return children
      .split(' ')
      .filter(Boolean)
      .reduce((sum, pid) => sum + ticksOf(readFileSync(`/proc/${pid}/stat`, 'utf8')) / TICKS, 0);
  } catch {
    return NaN;
  }
}

/** utime + stime of a line of `/proc/<pid>/stat`; the name before them may hold blanks and brackets. */
export function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
