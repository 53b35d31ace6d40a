import { loadavg } from 'node:os';
import { Command } from 'commander';
import { errorText, fail, failure, success, toTrunklineError } from '@trunkline/protocol';
import type { Benchmark, Measured } from './benchmark.ts';
import { aggregateBenchmark } from './aggregate.ts';
import { bufferedBenchmark } from './buffered.ts';
import { doorBenchmark } from './door.ts';
import { connectionsBenchmark } from './connections.ts';
import { durableBenchmark } from './durable.ts';
import { eventLoopBenchmark } from './event-loop.ts';
import { imagesStreamBenchmark } from './images-stream.ts';
import { codecsBenchmark, sumsBenchmark } from './kernels.ts';
import { roundMemoryBenchmark } from './round-memory.ts';
import { stepBenchmark } from './step.ts';
import { virtualClientsBenchmark } from './virtual-clients.ts';
import { align } from '../simulate/table.ts';

const benchmarks: readonly Benchmark[] = [
  sumsBenchmark,
  codecsBenchmark,
  aggregateBenchmark,
  stepBenchmark,
  durableBenchmark,
  doorBenchmark,
  eventLoopBenchmark,
  bufferedBenchmark,
  imagesStreamBenchmark,
  virtualClientsBenchmark,
  connectionsBenchmark,
  roundMemoryBenchmark,
];
/** `bench quick`: at most five minutes. */
const QUICK = ['kernels', 'transport', 'step'];

const cli = new Command('bench')
  .description('Measure both sides of each claim in one run, and print their ratio.')
  .argument(
    '[name...]',
    `benchmarks or groups: ${[...benchmarks.map(({ name }) => name), 'quick'].join(', ')}; all when left out`,
  )
  .option('--format <text|json>', 'json: one envelope on stdout', 'text');
cli.parse();
const { format } = cli.opts<{ format: 'text' | 'json' }>();
try {
  const rows: Measured[] = [];
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  say(`load ${loadavg()[0]!.toFixed(2)}; ratios of a machine at load over 2 mean little`);
  for (const benchmark of chosen(cli.args)) rows.push(...(await benchmark.measure(say)));
  process.stdout.write(format === 'json' ? `${JSON.stringify(success(rows))}\n` : `${tableOf(rows)}\n`);
} catch (thrown) {
  const error = toTrunklineError(thrown);
  if (format === 'json') process.stdout.write(`${JSON.stringify(failure(error))}\n`);
  process.stderr.write(errorText(error));
  process.exitCode = error.exit;
}

function chosen(names: readonly string[]): readonly Benchmark[] {
  if (names.length === 0) return benchmarks;
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
    return found;
  });
  // One benchmark measures several ids, and runs once.
  return [...new Set(wanted)];
}

function tableOf(rows: readonly Measured[]): string {
  const cells = rows.map(({ id, what, ours, baseline, unit, ratio, goal, holds }) => [
    id,
    what,
    ours.toPrecision(4),
    baseline.toPrecision(4),
    unit,
    ratio.toFixed(2),
    String(goal),
    holds ? 'holds' : 'falls short',
  ]);
  return align([['id', 'what', 'ours', 'baseline', 'unit', 'ratio', 'goal', ''], ...cells]);
}
