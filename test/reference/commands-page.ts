import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { clientCli } from '@trunkline/client';
import { coordinatorCli } from '@trunkline/coordinator';

const COLUMNS = 100;

/** docs/reference/commands.md: the help of every command, as the command prints it. */
export async function commandsPage(root: string): Promise<string> {
  const ignore = () => undefined;
  const programs = await Promise.all(
    ['simulate', 'leaderboard', 'bench'].map(async (name) => section(`npm run ${name}`, await printedHelp(root, name))),
  );
  return `# Commands

stdout is data, stderr is talk. Exit codes: 0 done, 1 unexpected, 2 usage or configuration, 10s connection, 20s admission,
30s protocol, 40s training, 50s storage, 130 interrupted; [errors](errors.md) has them one by one.

\`node setup.mjs\` sets everything up; \`npm start\` and \`npm test\` do so first. \`npm run doctor\` is \`npm run client -- doctor\`.

## Coordinator

${helps(coordinatorCli(ignore))}

## Client

${helps(clientCli(ignore))}

## On one machine

${programs.join('\n\n')}
`;
}

const section = (title: string, help: string): string => `### \`${title}\`\n\n\`\`\`text\n${help.trim()}\n\`\`\``;

function helps(cli: Command): string {
  const commands = cli.commands.map((command) =>
    section(`npm run ${cli.name()} -- ${command.name()}`, helpOf(command)),
  );
  return [cli.description(), ...commands].join('\n\n');
}

/** The help with what stands after it, at a width that no terminal decides. */
function helpOf(command: Command): string {
  let help = '';
  const writeOut = (text: string) => void (help += text);
  command.configureOutput({ writeOut, getOutHelpWidth: () => COLUMNS, getOutHasColors: () => false }).outputHelp();
  return help;
}

/** Programs that parse when they load are asked as a person would ask them. */
async function printedHelp(root: string, name: string): Promise<string> {
  const args = [`test/dist/${name}/main.js`, '--help'];
  const env = { ...process.env, NO_COLOR: '1' };
  return (await promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: 60_000 })).stdout;
}
