import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import type { RunEvent } from '../run-events.ts';
import { OLD_PARTS, oldPart } from './jsonl.ts';

/** One line of `events.jsonl`, read back. */
export interface Written {
  readonly at: Date;
  readonly event: RunEvent;
  /** The line as it stands in the file, without its end. */
  readonly line: string;
}

const PIECE = 1 << 16;
const written = z.looseObject({ at: z.iso.datetime(), event: z.string() });

/** Reads a log on from where it stopped; memory does not grow with the file. */
export interface EventsReader {
  /** The lines that have come since, whole ones only: one under way waits for its end. @throws STORAGE_FAILED */
  more(): Generator<Written>;
  /** Lines that are no event: cut by a crash, with the next process writing on behind them. */
  torn(): number;
}

/** A log that does not exist has no lines yet; one that was begun anew (shorter, or another file) is read from its start. */
export function openEvents(file: string): EventsReader {
  let torn = 0;
  let at = start();
  return {
    torn: () => torn,
    *more() {
      const buffer = Buffer.alloc(PIECE);
      for (;;) {
        const { bytes, size, node } = piece(file, at.offset, buffer);
        if (size < at.offset || (at.node !== undefined && node !== undefined && node !== at.node)) {
          at = start();
          continue;
        }
        if (bytes === 0) return;
        const lines = (at.rest + at.decoder.write(buffer.subarray(0, bytes))).split('\n');
        at = { ...at, offset: at.offset + bytes, node, rest: lines.pop()! };
        for (const line of lines) {
          const read = parse(line);
          if (read) yield read;
          else torn++;
        }
      }
    },
  };
}

/** All of a run's log that is kept, oldest first. @throws STORAGE_FAILED */
export function* readEvents(file: string): Generator<Written> {
  for (let n = OLD_PARTS; n > 0; n--) yield* openEvents(oldPart(file, n)).more();
  yield* openEvents(file).more();
}

interface Place {
  readonly offset: number;
  readonly rest: string;
  /** The file's number in its file system: another one is another file. */
  readonly node: number | undefined;
  readonly decoder: StringDecoder;
}

const start = (): Place => ({ offset: 0, rest: '', node: undefined, decoder: new StringDecoder('utf8') });

function piece(file: string, offset: number, into: Buffer): { bytes: number; size: number; node: number | undefined } {
  if (!existsSync(file)) return { bytes: 0, size: 0, node: undefined };
  try {
    const handle = openSync(file, 'r');
    try {
      const { size, ino } = fstatSync(handle);
      return { bytes: readSync(handle, into, 0, into.length, offset), size, node: ino };
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
  }
}

function parse(line: string): Written | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const checked = written.safeParse(value);
  if (!checked.success) return undefined;
  const { at, schema: _, ...event } = checked.data;
  return { at: new Date(at), event: event as unknown as RunEvent, line };
}
