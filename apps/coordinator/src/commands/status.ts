import type { Command } from 'commander';
import type { Exit } from '@trunkline/protocol';
import { toldRun } from '../told-run.ts';
import { viewText } from '../view-text.ts';
import { runCommand } from './run-command.ts';

/** `coordinator status [RUN]`: what runs, who is here, does it learn, what is wrong and what to do about it. */
export const statusCommand = (exit: Exit): Command =>
  runCommand(exit, {
    name: 'status',
    description: 'Say how a run stands: round, clients, who is being waited for, what is wrong and what to do.',
    example: 'status',
    async run(found) {
      const data = await toldRun(found, new Date());
      return { data, text: viewText(data, new Date()) };
    },
  });
