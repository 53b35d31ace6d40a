import { Command, Option } from 'commander';
import { collect } from '@trunkline/protocol';

/** A command that asks a finished or an exported model: `NAME CLIENT.yaml`, with which rows, which model, and options of its own. */
export function finishedCommand(name: string, own: (command: Command) => Command = (command) => command): Command {
  const asked = new Command(name)
    .argument('<client.yaml>', 'the client file')
    .addOption(
      new Option('--split <name>', 'which rows').choices(['train', 'validation', 'test']).default('test' as const),
    )
    .option('--model <path>', 'a model that `client export` wrote, in any of its formats (default: the state’s)')
    .option('--state <dir>', 'folder of this client’s states (default: the client file’s, else per user)')
    .option('--run <id>', 'which run’s model (default: the only one)');
  return own(asked)
    .option('--threads <n>', 'threads of one operation (default: all cores)')
    .option('--set <key=value>', 'override a key of the client file; may be repeated', collect, [])
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    );
}
