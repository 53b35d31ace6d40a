import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { Command } from 'commander';
import { errorText, fail, failure, success, toTrunklineError } from '@trunkline/protocol';
import type { Benchmark, Measured } from './benchmark.ts';
import { aggregateBenchmark } from './aggregate.ts';
import { bufferedBenchmark } from './buffered.ts';
import { convergenceBenchmark } from './convergence.ts';
import { downlinkBenchmark } from './downlink.ts';
import { doorBenchmark } from './door.ts';
import { connectionsBenchmark } from './connections.ts';
import { durableBenchmark } from './durable.ts';
import { eventLoopBenchmark } from './event-loop.ts';
import { imagesStreamBenchmark } from './images-stream.ts';
import { codecsBenchmark, sumsBenchmark } from './kernels.ts';
import { fillBlock, shown, type Taken } from './measured-page.ts';
import { parallelBenchmark } from './parallel.ts';
import { peerBenchmarks } from './peers/benchmarks.ts';
import { roundBenchmark } from './round.ts';
import { roundMemoryBenchmark } from './round-memory.ts';
import { stepBenchmark } from './step.ts';
import { stragglerBenchmark } from './straggler.ts';
import { transportBenchmark } from './transport.ts';
import { virtualClientsBenchmark } from './virtual-clients.ts';
import { align } from '../simulate/table.ts';

const benchmarks: readonly Benchmark[] = [
  sumsBenchmark,
  codecsBenchmark,
  aggregateBenchmark,
  transportBenchmark,
  roundBenchmark,
  stepBenchmark,
  parallelBenchmark,
  durableBenchmark,
  doorBenchmark,
  eventLoopBenchmark,
  bufferedBenchmark,
  convergenceBenchmark,
  downlinkBenchmark,
  stragglerBenchmark,
  imagesStreamBenchmark,
  virtualClientsBenchmark,
  connectionsBenchmark,
  roundMemoryBenchmark,
  ...peerBenchmarks,
];
/** `bench quick`: at most five minutes. */
const QUICK = ['kernels', 'transport', 'step'];

const cli = new Command('bench')
  .description('Measure both sides of each claim in one run, and print their ratio.')
  .argument(
    '[name...]',
    `benchmarks or groups: ${[...benchmarks.map(({ name }) => name), 'quick'].join(', ')}; all when left out`,
  )
  .option('--peers', 'other projects’ programs beside ours too: TRUNKLINE_PEERS is the folder of their scripts', false)
  .option('--write <page.md>', 'write each table into that page too, where it has a block for the benchmark')
  .option('--format <text|json>', 'json: one envelope on stdout', 'text');
cli.parse();
const { format, peers, write } = cli.opts<{ format: 'text' | 'json'; peers: boolean; write?: string }>();
try {
  const rows: Measured[] = [];
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  say(`load ${loadavg()[0]!.toFixed(2)}; ratios of a machine at load over 2 mean little`);
  for (const benchmark of chosen(cli.args)) {
    const notes: string[] = [];
    const before = loadavg()[0]!;
    const found = await benchmark.measure((text) => {
      notes.push(text);
      say(text);
    });
    rows.push(...found);
    if (write) writeBlock(write, { name: benchmark.name, rows: found, notes, load: [before, loadavg()[0]!] });
  }
  process.stdout.write(format === 'json' ? `${JSON.stringify(success(rows))}\n` : `${tableOf(rows)}\n`);
} catch (thrown) {
  const error = toTrunklineError(thrown);
  if (format === 'json') process.stdout.write(`${JSON.stringify(failure(error))}\n`);
  process.stderr.write(errorText(error));
  process.exitCode = error.exit;
}

function chosen(names: readonly string[]): readonly Benchmark[] {
  const allowed = (one: Benchmark) => peers || one.group !== 'peers';
  if (names.length === 0) return benchmarks.filter(allowed);
  const wanted = names.flatMap((name) => {
    const found = benchmarks.filter(
      (one) =>
        one.name === name ||
        one.group === name ||
        one.ids?.includes(name) ||
        (name === 'quick' && QUICK.includes(one.group)),
    );
    if (found.length === 0) {
      const known = benchmarks.flatMap((one) => [one.name, ...(one.ids ?? [])]).join(', ');
      throw fail('USAGE', {
        what: `There is no benchmark ${name}.`,
        remedy: `Benchmarks: ${known}; groups: ${QUICK.join(', ')}, quick.`,
      });
    }
    if (!found.some(allowed))
      throw fail('USAGE', {
        what: `${name} runs another project’s programs.`,
        remedy: `Say so: --peers, with TRUNKLINE_PEERS set to the folder of their scripts.`,
      });
    return found.filter(allowed);
  });
  // One benchmark measures several ids, and runs once.
  return [...new Set(wanted)];
}

/** At once, so that what was measured is kept when a later benchmark fails. */
function writeBlock(file: string, given: Pick<Taken, 'name' | 'rows' | 'notes' | 'load'>): void {
  const asked = [given.name, ...(peers ? ['--peers'] : [])].join(' ');
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`;
  const page = fillBlock(readFileSync(file, 'utf8'), { ...given, asked, machine });
  if (page === undefined) process.stderr.write(`${file} has no block for ${given.name}\n`);
  else writeFileSync(file, page);
}

function tableOf(rows: readonly Measured[]): string {
  const cells = rows.map(({ id, what, ours, baseline, unit, ratio, goal, holds }) => [
    id,
    what,
    ours.toPrecision(4),
    baseline.toPrecision(4),
    unit,
    shown(ratio),
    shown(goal),
    holds ? 'holds' : 'falls short',
  ]);
  return align([['id', 'what', 'ours', 'baseline', 'unit', 'ratio', 'goal', ''], ...cells]);
}
