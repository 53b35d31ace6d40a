import { Command } from 'commander';
import { success, type TrunklineError } from '@trunkline/protocol';
import { examine, reportText } from '@trunkline/model/doctor';

/** `client doctor`: what this machine will train with, and what is missing. */
export function doctorCommand(exit: (code: number, error?: TrunklineError) => void): Command {
  return new Command('doctor')
    .description('Report backend, device, library version, threads, and what is missing.')
    .option('--format <text|json>', 'json: one envelope on stdout', 'text')
    .action(async ({ format }: { format: 'text' | 'json' }) => {
      const report = await examine();
      process.stdout.write(format === 'json' ? `${JSON.stringify(success(report))}\n` : reportText(report));
      exit(0);
    });
}
