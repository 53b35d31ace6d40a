import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fail, limits, type Clock, type TrunklineError } from '@trunkline/protocol';
import { auditPart, nextPart, oldParts } from './audit-parts.ts';
import { auditLine, checkLine, EMPTY, headFile, recordedHead, type AuditEntry, type AuditHead } from './audit-chain.ts';

/** The hash-chained record of who came in and what counted. */
export interface AuditLog {
  /** The line is with the system when this returns, and on the disk within a second. */
  write(entry: AuditEntry): void;
  /** Where it stands. */
  readonly head: AuditHead;
  /** Everything is on the disk when this returns. */
  close(): void;
}

export interface AuditLogDeps {
  readonly clock: Clock;
  readonly failed: (error: TrunklineError) => void;
  /** A file that would grow past this is put away; default: `limits.auditBytes`. */
  readonly partBytes?: number;
}

/** How long a line may wait for the disk: one flush then serves all that were written meanwhile. */
const FLUSH_MS = 500;

/**
 * Opens `audit.jsonl` and goes on where it ends. The rest of a line that a crash cut off is taken away, and the next line says so.
 * @param failed the disk takes no more lines: the log must not go on with a gap. Called once
 * @throws AUDIT_BROKEN where the end is not what was written, STORAGE_FAILED
 */
export function openAuditLog(file: string, deps: AuditLogDeps): AuditLog {
  const { clock, partBytes = limits.auditBytes } = deps;
  const cannot = (cause: unknown) => fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
  let handle: number;
  let end: { head: AuditHead; torn: number };
  try {
    mkdirSync(dirname(file), { recursive: true });
    handle = openSync(file, 'a+', 0o600);
  } catch (cause) {
    throw cannot(cause);
  }
  try {
    end = endOf(handle, file);
  } catch (error) {
    closeSync(handle);
    throw error;
  }
  let { head } = end;
  let flushed: AuditHead = head;
  let timer: (() => void) | undefined;
  let flushing = false;
  let over = false;
  let { size } = fstatSync(handle);
  /** Of parts that are put away and still being flushed. */
  const stale: number[] = [];

  const give = (cause: unknown) => {
    if (over) return;
    over = true;
    timer?.();
    deps.failed(cannot(cause));
  };
  const record = (stands: AuditHead) => {
    writeFileSync(`${headFile(file)}.new`, `${JSON.stringify(stands)}\n`, { mode: 0o600, flush: true });
    renameSync(`${headFile(file)}.new`, headFile(file));
    flushed = stands;
  };
  const flush = () => {
    timer = undefined;
    flushing = true;
    const stands = head;
    fdatasync(handle, (error) => {
      flushing = false;
      for (const done of stale.splice(0)) closeSync(done);
      if (over) return;
      if (error) return give(error);
      try {
        // Put away meanwhile, its end is on record already.
        if (stands.lines > flushed.lines) record(stands);
      } catch (cause) {
        return give(cause);
      }
      if (head !== flushed) schedule();
    });
  };
  const schedule = () => {
    if (timer === undefined && !flushing) timer = clock.after(FLUSH_MS, flush);
  };
  /** The chain goes on in a new file: its first line bears the hash of the last one here. */
  const putAway = () => {
    fdatasyncSync(handle);
    record(head);
    renameSync(file, auditPart(file, nextPart(file)));
    if (flushing) stale.push(handle);
    else closeSync(handle);
    handle = openSync(file, 'a+', 0o600);
    size = 0;
  };
  const log: AuditLog = {
    get head() {
      return head;
    },
    write(entry) {
      if (over) return;
      const next = auditLine(entry, clock.date(), head);
      const bytes = Buffer.byteLength(next.text);
      try {
        if (size > 0 && size + bytes > partBytes) putAway();
        writeSync(handle, next.text);
        size += bytes;
      } catch (cause) {
        return give(cause);
      }
      head = next.head;
      schedule();
    },
    close() {
      timer?.();
      const sound = !over;
      over = true;
      try {
        if (sound) {
          fdatasyncSync(handle);
          record(head);
        }
      } catch (cause) {
        throw cannot(cause);
      } finally {
        closeSync(handle);
      }
    },
  };
  log.write({ kind: 'opened', ...(end.torn > 0 ? { cutOff: end.torn } : {}) });
  return log;
}

/** The longest line; a log's end is found in its last bytes, however long it is. */
const TAIL = 1 << 16;

function endOf(handle: number, file: string): { head: AuditHead; torn: number } {
  const { size } = fstatSync(handle);
  const { text, torn } = lastLine(handle);
  if (torn > 0) ftruncateSync(handle, size - torn);
  const recorded = recordedHead(file) ?? EMPTY;
  const short = () => fail('AUDIT_BROKEN', { file, problem: `it is shorter than ${recorded.lines} lines.` });
  const before = oldParts(file).at(-1);
  // A crash may have come right after a part was put away.
  const last = text ?? (before === undefined ? undefined : lastLineOf(before));
  if (last === undefined) {
    if (recorded.lines > 0) throw short();
    return { head: EMPTY, torn };
  }
  const [line, hash] = [/^\{"line":(\d+),/.exec(last)?.[1], /"before":"([0-9a-f]{64})","hash"/.exec(last)?.[1]];
  const head = checkLine(last, { lines: Number(line ?? 1) - 1, hash: hash ?? '' }, text === undefined ? before! : file);
  if (head.lines < recorded.lines) throw short();
  if (head.lines === recorded.lines && head.hash !== recorded.hash)
    throw fail('AUDIT_BROKEN', { file, problem: `line ${head.lines} is not the one that was recorded.` });
  return { head, torn };
}

/** The last whole line, and how many bytes stand behind it; undefined: there is none. */
function lastLine(handle: number): { text: string | undefined; torn: number } {
  const { size } = fstatSync(handle);
  const tail = Buffer.alloc(Math.min(size, TAIL));
  readSync(handle, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf(10) + 1;
  const text = end === 0 ? undefined : tail.subarray(tail.lastIndexOf(10, end - 2) + 1, end - 1).toString('utf8');
  return { text, torn: tail.length - end };
}

function lastLineOf(file: string): string | undefined {
  const handle = openSync(file, 'r');
  try {
    return lastLine(handle).text;
  } finally {
    closeSync(handle);
  }
}
