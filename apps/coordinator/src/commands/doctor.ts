import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { bytesText, success, toTrunklineError, type Exit } from '@trunkline/protocol';
import { readRun } from '../config.ts';
import { controlPlace } from '../control-place.ts';
import { planRun } from '../plan.ts';

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  readonly remedy: string | null;
}

/** Checkpoints, log and journal of a small run want about this much. */
const ROOM = 1e9;

/** `coordinator doctor [RUN.yaml]`: whether a run could start here, and what is missing. Exit code 2 when something is. */
export function doctorCommand(exit: Exit): Command {
  return new Command('doctor')
    .description('Check this machine, and a run file where one is given: could it start here, and what is missing?')
    .argument('[run.yaml]', 'the run file')
    .option('--runs <dir>', 'folder of all runs', 'runs')
    .addOption(
      new Option('--format <text|json>', 'json: one envelope on stdout').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', '\nExample:\n  npm run coordinator -- doctor examples/hospitals/run.yaml\n')
    .action(async (file: string | undefined, { runs, format }: { runs: string; format: 'text' | 'json' }) => {
      const findings = [
        nodeVersion(),
        folder(runs),
        room(runs),
        socket(runs),
        ...(file === undefined ? [] : await runFile(file)),
      ];
      const text = findings.map(
        ({ what, ok, found, remedy }) =>
          `${ok ? 'ok     ' : 'missing'}  ${what}: ${found}\n${remedy ? `         → ${remedy}\n` : ''}`,
      );
      process.stdout.write(format === 'json' ? `${JSON.stringify(success({ findings }))}\n` : text.join(''));
      exit(findings.every(({ ok }) => ok) ? 0 : 2);
    });
}

const good = (what: string, found: string): Finding => ({ what, ok: true, found, remedy: null });
const bad = (what: string, found: string, remedy: string): Finding => ({ what, ok: false, found, remedy });

function nodeVersion(): Finding {
  const found = process.versions.node;
  const [major = 0, minor = 0] = found.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  return enough ? good('Node', found) : bad('Node', found, 'Install Node 20.19, 22, 24 or newer.');
}

/** The folder itself, or the one in which it will be made. */
function standing(path: string): string {
  const whole = resolve(path);
  return existsSync(whole) || dirname(whole) === whole ? whole : standing(dirname(whole));
}

function folder(runs: string): Finding {
  const place = standing(runs);
  try {
    accessSync(place, constants.W_OK);
    return good('folder of all runs', resolve(runs));
  } catch {
    return bad(
      'folder of all runs',
      `${place} cannot be written`,
      'Choose another with --runs DIR, or change its permissions.',
    );
  }
}

function room(runs: string): Finding {
  const { bavail, bsize } = statfsSync(standing(runs));
  const free = bavail * bsize;
  return free > ROOM
    ? good('free space', bytesText(free))
    : bad('free space', bytesText(free), 'Make room: checkpoints, log and journal of a run want 1 GB and more.');
}

function socket(runs: string): Finding {
  try {
    return good('control socket', controlPlace(resolve(runs, 'a-run')));
  } catch (thrown) {
    const { message, hint } = toTrunklineError(thrown);
    return bad('control socket', message, hint);
  }
}

async function runFile(file: string): Promise<Finding[]> {
  try {
    const config = readRun(file);
    const { trunk, strategy, exchange } = planRun(config);
    const { host, port } = config.listen;
    const plan = good(
      'run file',
      `run ${config.run}, ${config.rounds} rounds, trunk of ${trunk.layout.length} values, ${strategy.name}, exchange ${exchange}`,
    );
    const expect = config.expect
      ? good('expected tasks', config.expect.join(', '))
      : bad('expected tasks', 'none', 'Add `expect: [task, ...]` to the run file; only a simulation goes without.');
    return [plan, expect, await listens(host, port)];
  } catch (thrown) {
    const { message, hint } = toTrunklineError(thrown);
    return [bad('run file', message, hint)];
  }
}

function listens(host: string, port: number): Promise<Finding> {
  return new Promise((done) => {
    const server = createServer();
    const place = `${host}, port ${port === 0 ? 'any free one' : port}`;
    server.once('error', ({ message }) =>
      done(bad('address', `${place}: ${message}`, 'Correct `listen` in the run file, or pass --port N.')),
    );
    server.listen(port, host, () => server.close(() => done(good('address', place))));
  });
}
