import { Command, Option } from 'commander';
import { success, type Exit } from '@trunkline/protocol';
import { examine, reportText } from '@trunkline/model/doctor';

/** `client doctor`: what this machine will train with, and what is missing. */
export function doctorCommand(exit: Exit): Command {
  return new Command('doctor')
    .description('Report backend, device, library version, threads, and what is missing.')
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', '\nExample:\n  npm run client -- doctor --format json\n')
    .action(async ({ format }: { format: 'text' | 'json' }) => {
      const report = await examine();
      process.stdout.write(format === 'json' ? `${JSON.stringify(success(report))}\n` : reportText(report));
      exit(0);
    });
}
