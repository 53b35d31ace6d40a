import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fail } from '@trunkline/protocol';
import type { OpenSink } from '../open-sink.ts';
import { scalarsOf } from '../scalars.ts';
import { tfRecord } from './record.ts';
import { scalarEvent, versionEvent } from './scalar-event.ts';

/** Writes an event file that TensorBoard reads, a new one each time: `events.out.tfevents.<seconds>.<machine>.<process>`. @throws STORAGE_FAILED */
export function tensorboardSink(folder: string, begun: Date): OpenSink {
  const seconds = (at: Date) => at.getTime() / 1000;
  const file = join(folder, `events.out.tfevents.${Math.floor(seconds(begun))}.${hostname()}.${process.pid}`);
  const guarded = <T>(write: () => T): T => {
    try {
      return write();
    } catch (cause) {
      throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
    }
  };
  const handle = guarded(() => {
    mkdirSync(folder, { recursive: true });
    const opened = openSync(file, 'a');
    writeSync(opened, tfRecord(versionEvent(seconds(begun))));
    return opened;
  });
  return {
    sink(event, at) {
      const found = scalarsOf(event);
      if (!found) return;
      guarded(() => writeSync(handle, tfRecord(scalarEvent(seconds(at), found.step, found.scalars))));
    },
    close: () => Promise.resolve(closeSync(handle)),
  };
}
