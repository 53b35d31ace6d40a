#!/usr/bin/env node
import { CommanderError } from 'commander';
import { errorText, toTrunklineError } from '@trunkline/protocol';
import { clientCli } from './cli.ts';

try {
  const cli = clientCli((code, error) => {
    if (error) process.stderr.write(errorText(error));
    process.exitCode = code;
  });
  for (const command of [cli, ...cli.commands]) command.exitOverride();
  await cli.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  else {
    const error = toTrunklineError(thrown);
    process.stderr.write(errorText(error));
    process.exitCode = error.exit;
  }
}
