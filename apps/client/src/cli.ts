import { Command } from 'commander';
import type { Exit } from '@trunkline/protocol';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/completion.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { fineTuneCommand } from './commands/fine-tune.ts';
import { joinCommand } from './commands/join.ts';
import { newCommand } from './commands/new.ts';
import { predictCommand } from './commands/predict.ts';

/** The client's commands. `exit` hears the code, and the error that led to it. */
export function clientCli(exit: Exit): Command {
  return new Command('client')
    .description('Owns tasks and data, and trains them with a shared trunk.')
    .addCommand(joinCommand(exit))
    .addCommand(checkCommand(exit))
    .addCommand(newCommand(exit))
    .addCommand(predictCommand(exit))
    .addCommand(evaluateCommand(exit))
    .addCommand(exportCommand(exit))
    .addCommand(fineTuneCommand(exit))
    .addCommand(doctorCommand(exit))
    .addCommand(completionCommand(exit));
}
