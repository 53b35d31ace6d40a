import type { RunEvent, Sink } from '../run-events.ts';
import { emptyRecord, record } from '../run-record.ts';
import { liveTable, type Size } from './live-table.ts';
import { sentence } from './sentence.ts';

/** Where people read: a terminal redraws the table at its end, a file or a pipe only gets whole lines. */
export interface Screen {
  readonly isTTY: boolean;
  write(text: string): void;
  /** How large a terminal is now; left out: 80 × 24. */
  readonly size?: () => Size;
  /** Calls again and again until it is stopped; for a table whose times go on while nothing happens. Left out: it stands still then. */
  readonly every?: (ms: number, ring: () => void) => () => void;
  /** Wall clock, for how long something lasts already. */
  readonly now?: () => number;
}

/** The terminal that a process writes its talk to. `NO_COLOR`, `TERM=dumb`: nothing is redrawn. */
export const terminalOf = (stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen => ({
  isTTY: stream.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  write: (text) => void stream.write(text),
  size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
  every(ms, ring) {
    const timer = setInterval(ring, ms);
    // A screen keeps no process alive.
    timer.unref();
    return () => clearInterval(timer);
  },
  now: () => Date.now(),
});

/** Faster than this nobody reads, and every redraw costs the run. */
const DRAW_MS = 200;
const TICK_MS = 1000;

const ENDS: ReadonlySet<RunEvent['event']> = new Set(['finished', 'stopped', 'error']);

/**
 * Says what happens in plain sentences. On a terminal one table stands under them and is redrawn: clients, round line, who is waited
 * for; elsewhere rounds are silent.
 */
export function terminalSink(screen: Screen, rounds: number): Sink {
  const { size = () => ({ columns: 80, rows: 24 }), now = () => told.newestAt } = screen;
  const told = emptyRecord();
  let height = 0;
  let drawnAt = -Infinity;
  let over = false;
  const clear = () => {
    if (height > 0) screen.write(`\r\x1b[${height - 1}A\x1b[J`.replace('\x1b[0A', ''));
    height = 0;
  };
  const draw = () => {
    clear();
    const lines = liveTable(told, rounds, size(), now());
    // Without a line break at the end the table may fill the screen to its last line.
    screen.write(lines.join('\n'));
    height = lines.length;
    drawnAt = now();
  };
  const tick = () => {
    if (!over && told.begunAt > 0 && now() - drawnAt >= TICK_MS) draw();
  };
  const stop = screen.isTTY ? screen.every?.(TICK_MS, tick) : undefined;
  return (event, at) => {
    record(told, event, at);
    const line = sentence(event, rounds);
    if (!screen.isTTY) {
      if (line !== undefined) screen.write(`${line}\n`);
      return;
    }
    if (line !== undefined) {
      clear();
      screen.write(`${line}\n`);
    }
    if (over) return;
    over = ENDS.has(event.event);
    if (line !== undefined || over || now() - drawnAt >= DRAW_MS) draw();
    if (!over) return;
    stop?.();
    screen.write('\n');
    height = 0;
  };
}
