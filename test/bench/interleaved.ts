import { loadavg } from 'node:os';
import { median } from './benchmark.ts';

const CYCLES = 7;
/** Node compiles what runs often, and a coordinator runs for days: all sides go on this long before anything counts, and twice at least. */
const WARM_MS = 6_000;
const WARM_CYCLES = 2;

export interface Course {
  readonly say: (text: string) => void;
  /** Whatever the machine does, no further cycle begins after this. */
  readonly boundMs: number;
  readonly cycles?: number;
}

export const timed = async (act: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
};

/** One side of a comparison. */
export interface TimedSide {
  /** Milliseconds of one cycle. `counted`: it is not one that warms up. */
  readonly run: (counted: boolean) => Promise<number>;
  /** CPU milliseconds of all its processes so far; left out: not said. Unlike times they hardly depend on what else the machine does. */
  readonly cpu?: () => Promise<number>;
}

/**
 * Each side once a cycle, one after the other, in turning order; the first cycles warm up and are not counted. Says the median of the ratios of each
 * cycle, the ratio of the best ones, and that of the CPU used.
 * @returns the median of each side
 */
export async function interleaved<const S extends readonly TimedSide[]>(
  what: string,
  sides: S,
  { say, boundMs, cycles = CYCLES }: Course,
): Promise<{ [P in keyof S]: number }> {
  const times: number[][] = sides.map(() => []);
  const cpus: number[][] = sides.map(() => []);
  const start = performance.now();
  let warm = 0;
  for (; warm < WARM_CYCLES || performance.now() - start < WARM_MS; warm++) {
    for (const { run } of sides) await run(false);
  }
  const begun = performance.now();
  for (let cycle = 0; cycle < cycles && (cycle < 1 || performance.now() - begun < boundMs); cycle++) {
    for (let i = 0; i < sides.length; i++) {
      const place = (i + cycle) % sides.length;
      const { run, cpu } = sides[place]!;
      const before = (await cpu?.()) ?? NaN;
      const ms = await run(true);
      times[place]!.push(ms);
      cpus[place]!.push(((await cpu?.()) ?? NaN) - before);
    }
  }
  const [ours, ...others] = times as [number[], ...number[][]];
  const ratios = others.map((other) => median(other.map((ms, cycle) => ours[cycle]! / ms)).toFixed(2));
  const best = others.map((other) => (Math.min(...ours) / Math.min(...other)).toFixed(2));
  const [cpu, ...theirs] = cpus.map(median) as [number, ...number[]];
  const ofCpu = Number.isNaN(cpu) ? '' : `, CPU ${theirs.map((other) => (cpu / other).toFixed(2)).join(', ')}`;
  say(
    `${what}: ${ours.length} cycles after ${warm} to warm up; of their times, median of the ratios ${ratios.join(', ')}, best against best ${best.join(', ')}${ofCpu}; load ${loadavg()[0]!.toFixed(1)}`,
  );
  return times.map(median) as { [P in keyof S]: number };
}
