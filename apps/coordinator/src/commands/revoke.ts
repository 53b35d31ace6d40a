import type { Command } from 'commander';
import { conclude, type Exit } from '@trunkline/protocol';
import { revoke } from '../door/invitations.ts';
import { clientName, guestCommand, guestFolder, type GuestOptions } from './invite.ts';

/** `coordinator revoke NAME`: the client goes, and does not come back without a new invitation. */
export function revokeCommand(exit: Exit): Command {
  return guestCommand('revoke', 'Take a client off the roster: its line ends at once, its invitations are void.')
    .addHelpText('after', '\nExample:\n  npm run coordinator -- revoke st-anna\n')
    .action((name: string, options: GuestOptions) =>
      conclude(exit, options.format, async () => {
        const client = clientName(name);
        const { folder } = await guestFolder(options);
        const { known, withdrawn } = revoke(client, { folder, now: new Date() });
        const text = `${client} is off the roster of ${folder}; \`coordinator invite ${client}\` lets it in again\n`;
        return { data: { client, folder, known, withdrawn }, text };
      }),
    );
}
