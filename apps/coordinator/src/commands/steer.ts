import type { Command } from 'commander';
import { fail, type Exit, type Concluded } from '@trunkline/protocol';
import type { ControlLine } from '../control-line.ts';
import type { FoundRun } from '../find-run.ts';
import { runCommand } from './run-command.ts';

/** A graceful end takes at most five seconds; the rest is for a busy machine. */
const END_MS = 15_000;

const lineTo = ({ folder, line }: FoundRun, what: string): ControlLine => {
  if (line) return line;
  throw fail('RUN_NOT_LIVE', { folder, what });
};

async function told(found: FoundRun, what: 'pause' | 'resume', text: string): Promise<Concluded> {
  const data = await lineTo(found, what).ask(what);
  return { data, text: `${found.folder}: ${text}\n` };
}

/** `coordinator pause [RUN]`: the open round is finished, no other is opened. */
export const pauseCommand = (exit: Exit): Command =>
  runCommand(exit, {
    name: 'pause',
    description: 'Let a live run finish its open round, and open no other until it is resumed.',
    example: 'pause',
    run: (found) => told(found, 'pause', 'pauses after the open round'),
  });

/** `coordinator resume [RUN]`: a paused run goes on. */
export const resumeCommand = (exit: Exit): Command =>
  runCommand(exit, {
    name: 'resume',
    description: 'Let a paused run go on.',
    example: 'resume',
    run: (found) => told(found, 'resume', 'goes on'),
  });

/** `coordinator stop [RUN]`: the process ends as after Ctrl-C; its folder can go on. Returns once it has ended. */
export const stopCommand = (exit: Exit): Command =>
  runCommand(exit, {
    name: 'stop',
    description: 'End a live run; its folder stays, and `coordinator start` goes on from it.',
    example: 'stop',
    async run(found) {
      const line = lineTo(found, 'stop');
      const data = await line.ask('stop');
      if (!(await line.ended(END_MS))) throw fail('CONTROL_SILENT', { folder: found.folder, seconds: END_MS / 1000 });
      return { data, text: `${found.folder}: stopped\n` };
    },
  });
