import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { z } from 'zod';
import { fail, sha256 } from '@trunkline/protocol';
import { oldParts } from './audit-parts.ts';

/** What is written down: who came in, who was refused, whose contribution counted. Plain values only. */
export type AuditEntry = { readonly kind: AuditKind; readonly [field: string]: unknown };
export type AuditKind =
  | 'opened'
  | 'admission'
  | 'refusal'
  | 'refusals left out'
  | 'silent line closed'
  | 'roster'
  | 'invitation'
  | 'pin'
  | 'invitation used'
  | 'revocation'
  | 'contribution accepted'
  | 'contribution refused'
  | 'closed';

/** Where a log stands: how many lines, and the hash of the last one. Kept elsewhere, it shows that no line was taken off the end. */
export const headSchema = z.strictObject({
  lines: z.number().int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type AuditHead = z.infer<typeof headSchema>;

/** Before the first line. */
export const EMPTY: AuditHead = { lines: 0, hash: '0'.repeat(64) };

/** One line: number, time, what happened, the hash of the line before, and last its own hash, over all that stands before it. */
export function auditLine(entry: AuditEntry, at: Date, before: AuditHead): { text: string; head: AuditHead } {
  const { kind, ...about } = entry;
  const line = before.lines + 1;
  const body = JSON.stringify({ line, at: at.toISOString(), kind, ...about, before: before.hash }).slice(0, -1);
  const hash = sha256(body);
  return { text: `${body},"hash":"${hash}"}\n`, head: { lines: line, hash } };
}

const FORM = /^(?<body>\{"line":(?<line>\d+),.*,"before":"(?<before>[0-9a-f]{64})"),"hash":"(?<hash>[0-9a-f]{64})"\}$/s;

/** Checks one line against the one before it. @throws AUDIT_BROKEN */
export function checkLine(text: string, before: AuditHead, file: string): AuditHead {
  const line = before.lines + 1;
  const broken = (problem: string) => fail('AUDIT_BROKEN', { file, problem: `line ${line} ${problem}` });
  const found = FORM.exec(text)?.groups;
  if (!found) throw broken('does not have the form of a line.');
  if (found['hash'] !== sha256(found['body']!)) throw broken('does not match its hash.');
  if (found['line'] !== String(line) || found['before'] !== before.hash)
    throw broken('does not follow the one before it.');
  return { lines: line, hash: found['hash'] };
}

/**
 * Reads a log from its first line to its last, over all its parts: each must match its hash and follow the one before it.
 * @param head where it stood once, as recorded elsewhere: the log must still hold that line, or lines were cut off its end. Left out: what the coordinator keeps beside the log
 * @returns where it stands now
 * @throws AUDIT_BROKEN naming the first line that is not as it was written
 */
export function verifyAudit(file: string, head: AuditHead | undefined = recordedHead(file)): AuditHead {
  let stands = EMPTY;
  let seen = head === undefined || head.lines === 0;
  for (const part of [...oldParts(file), file]) {
    for (const text of linesOf(part)) {
      stands = checkLine(text, stands, part);
      if (stands.lines !== head?.lines) continue;
      if (stands.hash !== head.hash)
        throw fail('AUDIT_BROKEN', { file: part, problem: `line ${stands.lines} is not the one that was recorded.` });
      seen = true;
    }
  }
  if (!seen)
    throw fail('AUDIT_BROKEN', {
      file,
      problem: `it ends at line ${stands.lines}, but line ${head!.lines} was written.`,
    });
  return stands;
}

export const headFile = (file: string): string => file.replace(/[^/\\]*$/, 'audit-head.json');

/** Where a log stood when the coordinator last wrote it to the disk. @throws AUDIT_BROKEN */
export function recordedHead(file: string): AuditHead | undefined {
  const place = headFile(file);
  if (!existsSync(place)) return undefined;
  try {
    return headSchema.parse(JSON.parse(readFileSync(place, 'utf8')));
  } catch (cause) {
    throw fail('AUDIT_BROKEN', { file, problem: `${place} does not say where the log stood.` }, cause);
  }
}

/** Line by line, so that a log may be larger than memory. @throws AUDIT_BROKEN where the last line has no end */
function* linesOf(file: string): Generator<string> {
  const handle = openSync(file, 'r');
  try {
    const block = Buffer.alloc(1 << 16);
    let rest = Buffer.alloc(0);
    for (let read = readSync(handle, block); read > 0; read = readSync(handle, block)) {
      rest = Buffer.concat([rest, block.subarray(0, read)]);
      let begin = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, begin)) {
        // Latin-1 would let a changed byte pass as another spelling of the same text, UTF-8 replaces what it cannot read.
        yield exactText(rest.subarray(begin, end), file);
        begin = end + 1;
      }
      rest = rest.subarray(begin);
    }
    if (rest.length > 0) throw fail('AUDIT_BROKEN', { file, problem: 'its last line has no end.' });
  } finally {
    closeSync(handle);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function exactText(bytes: Uint8Array, file: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw fail('AUDIT_BROKEN', { file, problem: 'it holds bytes that are no text.' }, cause);
  }
}
