import type { Command } from 'commander';
import type { Exit } from '@trunkline/protocol';
import { toldRun } from '../told-run.ts';
import { clientsText } from '../view-text.ts';
import { runCommand } from './run-command.ts';

/** `coordinator clients [RUN]`: one line a client. */
export const clientsCommand = (exit: Exit): Command =>
  runCommand(exit, {
    name: 'clients',
    description: 'List the clients of a run: tasks, state, round, rate, lag, bytes, loss, score.',
    example: 'clients --format json',
    async run(found) {
      const { run, live, clients, problems } = await toldRun(found, new Date());
      return { data: { run, live, clients, problems }, text: clientsText(clients) };
    },
  });
