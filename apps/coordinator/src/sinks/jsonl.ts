import { closeSync, openSync, writeSync } from 'node:fs';
import { fail } from '@trunkline/protocol';
import { EVENTS_SCHEMA, type Sink } from '../run-events.ts';

/** Appends one line an event: `{schema, at, event, ...}`, `at` in ISO 8601. Synchronous: the line is with the system when this returns. */
export function jsonlSink(file: string): { sink: Sink; close: () => void } {
  const handle = openSync(file, 'a');
  return {
    sink(event, at) {
      try {
        writeSync(handle, `${JSON.stringify({ schema: EVENTS_SCHEMA, at: at.toISOString(), ...event })}\n`);
      } catch (cause) {
        throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
      }
    },
    close: () => closeSync(handle),
  };
}
