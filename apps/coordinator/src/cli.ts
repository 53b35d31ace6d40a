import { Command } from 'commander';
import type { Exit } from '@trunkline/protocol';
import { clientsCommand } from './commands/clients.ts';
import { completionCommand } from './commands/completion.ts';
import { viewCommand } from './commands/view.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { inviteCommand } from './commands/invite.ts';
import { logCommand } from './commands/log.ts';
import { relayCommand } from './commands/relay.ts';
import { revokeCommand } from './commands/revoke.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { pauseCommand, resumeCommand, stopCommand } from './commands/steer.ts';

/** The coordinator's commands. `exit` hears the code, and the error that led to it. */
export function coordinatorCli(exit: Exit): Command {
  return new Command('coordinator')
    .description('Holds the shared trunk of a run and aggregates its gradients.')
    .addCommand(startCommand(exit))
    .addCommand(relayCommand(exit))
    .addCommand(statusCommand(exit))
    .addCommand(clientsCommand(exit))
    .addCommand(inviteCommand(exit))
    .addCommand(revokeCommand(exit))
    .addCommand(logCommand(exit))
    .addCommand(pauseCommand(exit))
    .addCommand(resumeCommand(exit))
    .addCommand(stopCommand(exit))
    .addCommand(exportCommand(exit))
    .addCommand(viewCommand(exit))
    .addCommand(doctorCommand(exit))
    .addCommand(completionCommand(exit));
}
