import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { fail, systemClock, toTrunklineError, type Exit } from '@trunkline/protocol';
import { openViewer } from '../dashboard/open-viewer.ts';
import { runsIn } from '../find-run.ts';

/** `coordinator view [runs]`: the dashboard of past runs, until Ctrl-C. */
export function viewCommand(exit: Exit): Command {
  return new Command('view')
    .description('Serve a page of past runs on this machine: open one, or compare several.')
    .argument('[runs]', 'folder of all runs, or one run’s folder', 'runs')
    .option('--port <n>', 'port to listen on; 0: any free one', '0')
    .addHelpText('after', '\nExample:\n  npm run coordinator -- view runs\n')
    .action(async (named: string, { port }: { port: string }) => {
      try {
        const one = existsSync(join(named, 'events.jsonl'));
        const runs = one ? dirname(resolve(named)) : named;
        if (runsIn(runs).length === 0)
          throw fail('RUN_UNKNOWN', { run: 'that can be shown', runs, known: 'none is there' });
        const count = Number(port);
        if (!Number.isInteger(count) || count < 0 || count > 65_535)
          throw fail('USAGE', {
            what: `--port ${port}: expected 0 to 65535.`,
            remedy: 'Write for example --port 4200.',
          });
        const viewer = await openViewer(runs, { port: count, now: () => systemClock.date() });
        process.stdout.write(`${viewer.url}${one ? `?run=${encodeURIComponent(basename(resolve(named)))}` : ''}\n`);
        await new Promise<void>((done) => {
          process.once('SIGINT', done);
          process.once('SIGTERM', done);
        });
        await viewer.close();
        exit(0);
      } catch (thrown) {
        const error = toTrunklineError(thrown);
        exit(error.exit, error);
      }
    });
}
