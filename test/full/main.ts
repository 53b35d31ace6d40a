import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { errorText, fail, toTrunklineError } from '@trunkline/protocol';
import { canaries } from './canaries.ts';
import { crashes } from './crashes.ts';
import { exactness } from './exactness.ts';
import { exports } from './exports.ts';
import { failpoints } from './failpoints.ts';
import { kills } from './kills.ts';
import { namespaces } from './namespaces.ts';
import { partitions } from './partitions.ts';
import { simulator } from './simulator.ts';
import { slowLinks } from './slow-links.ts';
import { frames } from './frames.ts';
import { fullDisk } from './full-disk.ts';
import { soak } from './soak.ts';
import type { Sweep } from './sweep.ts';
import { fullSize } from './vitest-sweep.ts';
import { ROOT } from '../simulate/child.ts';

const sweeps: readonly Sweep[] = [
  exactness,
  frames,
  slowLinks,
  simulator,
  crashes,
  kills,
  failpoints,
  partitions,
  namespaces,
  fullDisk,
  soak,
  canaries,
  exports,
  fullSize('flips', 'test/flips.test.ts', '10,000 bits of a larger checkpoint turned, each noticed'),
  fullSize('journal', 'test/journal.test.ts', 'runs that keep a journal, killed six times in each mode'),
  fullSize('strangers', 'test/strangers.test.ts', '10,000 strangers at the door, 500 at a time'),
  fullSize('kkt', 'libs/model/src/aggregation/kkt.test.ts', 'solvers’ residuals over 10,000 matrices of all families'),
];
const STATE = join(ROOT, 'runs', 'full', 'reached.json');

const cli = new Command('test:full')
  .description('The long forms of the tests: go on where they stopped, and print what they reached.')
  .argument('[sweep...]', `sweeps: ${sweeps.map(({ name }) => name).join(', ')}; all when left out`)
  .option('--for <minutes>', 'stop after this many minutes', '30')
  .option('--again', 'forget what was reached before', false);
cli.parse();
const { for: minutes, again } = cli.opts<{ for: string; again: boolean }>();

type Reached = Record<string, Record<string, string>>;
const reached: Reached = !again && existsSync(STATE) ? (JSON.parse(readFileSync(STATE, 'utf8')) as Reached) : {};
const until = Date.now() + Number(minutes) * 60_000;
let failed = 0;
try {
  for (const sweep of chosen(cli.args)) failed += await go(sweep);
  process.exitCode = failed > 0 ? 1 : 0;
} catch (thrown) {
  const error = toTrunklineError(thrown);
  process.stderr.write(errorText(error));
  process.exitCode = error.exit;
}

function chosen(names: readonly string[]): readonly Sweep[] {
  const unknown = names.find((name) => !sweeps.some((sweep) => sweep.name === name));
  if (unknown)
    throw fail('USAGE', {
      what: `There is no sweep ${unknown}.`,
      remedy: `Sweeps: ${sweeps.map(({ name }) => name).join(', ')}.`,
    });
  return names.length === 0 ? sweeps : sweeps.filter(({ name }) => names.includes(name));
}

/** Runs a sweep's steps that were not reached before; returns how many failed. */
async function go(sweep: Sweep): Promise<number> {
  const { name, summary } = sweep;
  const all = sweep.steps();
  const done = (reached[name] ??= {});
  let broken = 0;
  console.log(`${name}: ${summary}`);
  for (const step of all) {
    if (done[step.name] !== undefined) continue;
    if (Date.now() > until) break;
    try {
      done[step.name] = await step.run();
      console.log(`  holds  ${step.name}: ${done[step.name]}`);
    } catch (error) {
      broken++;
      console.log(`  BROKEN ${step.name}: ${(error as Error).message}`);
    }
    mkdirSync(dirname(STATE), { recursive: true });
    writeFileSync(STATE, `${JSON.stringify(reached, null, 2)}\n`);
  }
  console.log(`${name}: ${Object.keys(done).length} of ${all.length} steps hold, ${broken} broken in this call`);
  return broken;
}
