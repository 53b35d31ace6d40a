import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { conclude, fail, idField, type Exit } from '@trunkline/protocol';
import { readRun, type RunConfig } from '../config.ts';
import { hoursOf, invite } from '../door/invitations.ts';
import { readListening, urlOf, type Listening } from '../door/listening.ts';
import { findRun } from '../find-run.ts';
import { joinCommand } from '../join-command.ts';

export interface GuestOptions {
  readonly run?: string;
  readonly runs: string;
  readonly folder?: string;
  readonly format: 'text' | 'json';
}

interface Options extends GuestOptions {
  readonly expires: string;
  readonly url?: string;
}

/** The options that say which run is meant, and how to answer. */
export const guestCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .argument('<name>', 'the client’s name, as in its file')
    .option('--run <run>', 'the run’s name, folder or file (default: the only live one)')
    .option('--runs <dir>', 'folder of all runs', 'runs')
    .addOption(new Option('--folder <dir>', 'the run’s folder itself').hideHelp())
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    );

/** The folder that is meant: of a run that has begun, or, where a run file is named, of one that may not have. */
export async function guestFolder(options: GuestOptions): Promise<{ folder: string; config?: RunConfig }> {
  const { run, runs, folder } = options;
  if (run !== undefined && /\.ya?ml$/.test(run) && existsSync(run)) {
    const config = readRun(run);
    return { folder: folder ?? join(runs, config.run), config };
  }
  if (folder !== undefined) return { folder };
  const found = await findRun(run, runs);
  found.line?.close();
  return { folder: found.folder };
}

/** @throws USAGE */
export function clientName(text: string): string {
  if (idField.safeParse(text).success) return text;
  throw fail('USAGE', {
    what: `${text} cannot be a client’s name.`,
    remedy: 'Names are lower-case letters, digits and single hyphens, for example st-anna.',
  });
}

/** `coordinator invite NAME`: a join token that NAME can use once, and the command that uses it. */
export function inviteCommand(exit: Exit): Command {
  return guestCommand(
    'invite',
    'Invite a client: print the command with which it joins, with a token that is good once.',
  )
    .option('--expires <time>', 'how long the token can be used: 12h, 7d, 2w', '7d')
    .option('--url <url>', 'the address at which the client reaches the coordinator (default: where it listens)')
    .addHelpText('after', '\nExample:\n  npm run coordinator -- invite st-anna --expires 7d\n')
    .action((name: string, options: Options) =>
      conclude(exit, options.format, async () => {
        const client = clientName(name);
        const hours = hoursOf(options.expires);
        const { folder, config } = await guestFolder(options);
        const place = placeOf(options, readListening(folder), config);
        const { token, expires } = invite(client, { folder, now: new Date(), hours, random: randomBytes });
        const command = joinCommand(place, `${client}.yaml`, token);
        return {
          data: { client, url: place.url, token, ca: place.ca, expires: expires.toISOString(), command },
          text: `${command}\n`,
          aside: said(client, { expires, ca: place.ca, known: place.known }),
        };
      }),
    );
}

/** A run that has not begun listens where its file says; where that leaves the port open, the address cannot be known yet. */
function placeOf({ url }: Options, listening: Listening | undefined, config: RunConfig | undefined) {
  const ca = listening?.ca ?? null;
  if (url !== undefined) return { url, ca, known: true };
  if (listening) return { url: listening.url, ca, known: true };
  const { listen } = config ?? {};
  if (!listen || listen.port === 0) return { url: 'URL', ca, known: false };
  return { url: urlOf(listen.host, listen.port, listen.tls !== undefined), ca, known: true };
}

const said = (client: string, about: { expires: Date; ca: string | null; known: boolean }): string =>
  [
    `${client} can join with it once, until ${about.expires.toISOString().slice(0, 16)} UTC. Whoever has it can be ${client}: send it by a way that you trust.`,
    ...(about.ca === null
      ? []
      : [`Send the certificate ${about.ca} too, and put its place at the client behind --ca.`]),
    ...(about.known ? [] : ['The run has not listened yet: put its address in place of URL, or invite with --url.']),
    '',
  ].join('\n');
