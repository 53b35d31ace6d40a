import { Command } from 'commander';
import type { Exit } from '@trunkline/protocol';
import { startCommand } from './commands/start.ts';

/** The coordinator's commands. `exit` hears the code, and the error that led to it. */
export function coordinatorCli(exit: Exit): Command {
  return new Command('coordinator')
    .description('Holds the shared trunk of a run and aggregates its gradients.')
    .addCommand(startCommand(exit));
}
