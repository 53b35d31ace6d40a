import { appendFileSync, readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded into a process by `--import`: at each SIGUSR2 it appends what the process holds, and how late its event loop was since the
 * one before, as a JSON line to the file that TRUNKLINE_GAUGE names.
 */
export interface Reading {
  /** Milliseconds that a turn of the event loop came late: 99th percentile and largest. */
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
  const late = { p99: delay.percentile(99) / 1e6 - RESOLUTION_MS, max: delay.max / 1e6 - RESOLUTION_MS };
  gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  const reading: Reading = {
    ...late,
    ...{ heapUsed, external, arrayBuffers, rss, uncaught },
    descriptors: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  };
  appendFileSync(process.env['TRUNKLINE_GAUGE']!, `${JSON.stringify(reading)}\n`);
  delay.reset();
});
