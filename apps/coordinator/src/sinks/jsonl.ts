import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { fail } from '@trunkline/protocol';
import { EVENTS_SCHEMA, type Sink } from '../run-events.ts';

/** Older parts that are kept beside the one that is written: `events.jsonl.1` is the newest of them. */
export const OLD_PARTS = 3;

export const oldPart = (file: string, n: number): string => `${file}.${n}`;

/**
 * Appends one line an event: `{schema, at, event, ...}`, `at` in ISO 8601. Synchronous: the line is with the system when this returns.
 * @param budget bytes that the log and its older parts may take together; the oldest part is removed for a new one. A line is never cut
 */
export function jsonlSink(file: string, budget = Infinity): { sink: Sink; close: () => void } {
  let handle = openSync(file, 'a');
  let { size } = fstatSync(handle);
  const rotate = () => {
    closeSync(handle);
    rmSync(oldPart(file, OLD_PARTS), { force: true });
    for (let n = OLD_PARTS - 1; n > 0; n--)
      if (existsSync(oldPart(file, n))) renameSync(oldPart(file, n), oldPart(file, n + 1));
    renameSync(file, oldPart(file, 1));
    handle = openSync(file, 'a');
    size = 0;
  };
  return {
    sink(event, at) {
      try {
        const line = `${JSON.stringify({ schema: EVENTS_SCHEMA, at: at.toISOString(), ...event })}\n`;
        const bytes = Buffer.byteLength(line);
        if (size > 0 && size + bytes > budget / (OLD_PARTS + 1)) rotate();
        writeSync(handle, line);
        size += bytes;
      } catch (cause) {
        throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
      }
    },
    close: () => closeSync(handle),
  };
}
