import { expect, test } from 'vitest';
import { ticksOf } from './children-cpu.ts';

test('reads user and system time of a process whatever its name is', () => {
  // proc(5): pid (comm) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime …
  expect(ticksOf('71 (a) b) c) S 1 71 71 0 -1 4194304 900 0 3 0 130 27 0 0 20 0')).toBe(157);
});
