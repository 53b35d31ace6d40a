import { runProgram } from '@trunkline/protocol';
import { simulateCli } from './cli.ts';

process.exitCode = await runProgram(simulateCli, process.argv.slice(2));
