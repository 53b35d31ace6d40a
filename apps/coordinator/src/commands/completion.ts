import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Exit, type Shell } from '@trunkline/protocol';

/** `coordinator completion SHELL`: a script that completes the coordinator's command lines. */
export function completionCommand(exit: Exit): Command {
  const command = new Command('completion')
    .description('Print a script that completes commands, options and their values in a shell.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .option('--bin <name>', 'what you type to run the program', 'trunkline-coordinator')
    .addHelpText('after', '\nExample:\n  npm run coordinator -- completion bash\n')
    .action((shell: Shell, { bin }: { bin: string }) => {
      process.stdout.write(completionScript(shell, bin, command.parent!));
      exit(0);
    });
  return command;
}
