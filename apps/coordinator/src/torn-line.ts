import { fail } from '@trunkline/protocol';
import type { Disk } from '@trunkline/model/store';

const LINE_FEED = 10;

/** Cuts what a crash left of the last line of a file of lines, so that the next line begins its own. @returns bytes cut @throws STORAGE_FAILED */
export function cutTornLine(disk: Disk, file: string): number {
  const bytes = disk.read(file);
  if (!bytes || bytes.length === 0) return 0;
  const whole = bytes.lastIndexOf(LINE_FEED) + 1;
  if (whole === bytes.length) return 0;
  try {
    const handle = disk.open(file, 'append');
    try {
      handle.truncate(whole);
      handle.sync();
    } finally {
      handle.close();
    }
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
  }
  return bytes.length - whole;
}
