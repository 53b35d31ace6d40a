#!/usr/bin/env node
import { runProgram } from '@trunkline/protocol';
import { coordinatorCli } from './cli.ts';

process.exitCode = await runProgram(coordinatorCli, process.argv.slice(2));
