import { runProgram } from '@trunkline/protocol';
import { clientCli } from '@trunkline/client';
import { coordinatorCli } from '@trunkline/coordinator';
import { simulateCli } from '../simulate/cli.ts';
import type { Command, Told } from './told.ts';

/**
 * Runs many commands one after the other in this one process, as their `main.ts` would, and prints what each told. It ends by itself:
 * a worker, a socket or a timer that one of them left open would keep it alive.
 */
const programs = { client: clientCli, coordinator: coordinatorCli, simulate: simulateCli };
const commands = JSON.parse(process.argv[2]!) as Command[];
const told: Told[] = [];
const print = process.stdout.write.bind(process.stdout);
for (const [program, ...args] of commands) {
  const heard = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array) => {
      heard[name] += String(text);
      return true;
    };
  }
  told.push({ code: await runProgram(programs[program], args), ...heard });
}
print(JSON.stringify(told));
