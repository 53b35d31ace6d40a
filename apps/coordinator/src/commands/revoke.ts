import type { Command } from 'commander';
import { failure, success, toTrunklineError, type Exit } from '@trunkline/protocol';
import { revoke } from '../door/invitations.ts';
import { clientName, guestCommand, guestFolder, type GuestOptions } from './invite.ts';

/** `coordinator revoke NAME`: the client goes, and does not come back without a new invitation. */
export function revokeCommand(exit: Exit): Command {
  return guestCommand('revoke', 'Take a client off the roster: its line ends at once, its invitations are void.')
    .addHelpText('after', '\nExample:\n  npm run coordinator -- revoke st-anna\n')
    .action(async (name: string, options: GuestOptions) => {
      const json = options.format === 'json';
      try {
        const client = clientName(name);
        const { folder } = await guestFolder(options);
        const { known, withdrawn } = revoke(client, { folder, now: new Date() });
        const data = { client, folder, known, withdrawn };
        const text = `${client} is off the roster of ${folder}; \`coordinator invite ${client}\` lets it in again\n`;
        process.stdout.write(json ? `${JSON.stringify(success(data))}\n` : text);
        exit(0);
      } catch (thrown) {
        const error = toTrunklineError(thrown);
        if (json) process.stdout.write(`${JSON.stringify(failure(error))}\n`);
        exit(error.exit, error);
      }
    });
}
