import { readFileSync } from 'node:fs';

/** Child processes of a process, by their command line. Linux only: it is the kernel's own list. */
export function childrenOf(pid: number): { pid: number; command: string }[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((text) => text.trim() !== '')
    .map((text) => ({
      pid: Number(text),
      command: readFileSync(`/proc/${text}/cmdline`, 'utf8').replaceAll('\0', ' '),
    }));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
