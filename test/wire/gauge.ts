import { appendFileSync, readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded into a process by `--import`: at each SIGUSR2 it appends what the process holds, and how late its event loop was since the
 * one before, as a JSON line to the file that TRUNKLINE_GAUGE names.
 */
export interface Reading {
  /** Milliseconds that a turn of the event loop came late: median, 99th percentile and largest. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
  readonly descriptors: number;
  readonly timers: number;
  readonly uncaught: number;
}

const RESOLUTION_MS = 2;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let uncaught = 0;
process.on('uncaughtExceptionMonitor', () => uncaught++);
const { gc } = globalThis as { gc?: () => void };

process.on('SIGUSR2', () => {
  const [p50, p99, max] = [delay.percentile(50), delay.percentile(99), delay.max].map(
    (nanoseconds) => nanoseconds / 1e6 - RESOLUTION_MS,
  ) as [number, number, number];
  gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  const reading: Reading = {
    ...{ p50, p99, max, heapUsed, external, arrayBuffers, rss, uncaught },
    descriptors: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  };
  appendFileSync(process.env['TRUNKLINE_GAUGE']!, `${JSON.stringify(reading)}\n`);
  delay.reset();
});
