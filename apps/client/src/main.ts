#!/usr/bin/env node
import { runProgram } from '@trunkline/protocol';
import { clientCli } from './cli.ts';

process.exitCode = await runProgram(clientCli, process.argv.slice(2));
