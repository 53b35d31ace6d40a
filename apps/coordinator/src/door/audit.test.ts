import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { randomStream } from '@trunkline/model/random';
import { systemClock } from '@trunkline/protocol';
import { headFile, recordedHead, verifyAudit, type AuditHead } from './audit-chain.ts';
import { openAuditLog, type AuditLog } from './audit-log.ts';
import { auditPart, oldParts } from './audit-parts.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-audit-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
let count = 0;
let file: string;
beforeEach(() => {
  file = join(temporary, String(count++), 'audit.jsonl');
});

const open = (partBytes?: number): AuditLog =>
  openAuditLog(file, {
    clock: systemClock,
    ...(partBytes === undefined ? {} : { partBytes }),
    failed: (error) => {
      throw error;
    },
  });

/** A log of some forty lines, as a run would leave it. */
function written(partBytes?: number): AuditHead {
  const log = open(partBytes);
  for (let round = 0; round < 24; round++) {
    const sha256 = String(round).repeat(64).slice(0, 64);
    log.write({
      kind: 'contribution accepted',
      client: 'st-anna',
      round,
      attempt: 0,
      part: 'sum',
      tasks: ['ä'],
      sha256,
    });
  }
  log.write({ kind: 'revocation', client: 'st-anna' });
  log.close();
  return log.head;
}

const problem = (check: () => unknown): string | undefined => {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as { code?: string; message: string }).code === 'AUDIT_BROKEN' ? (error as Error).message : undefined;
  }
};

describe('an audit log', () => {
  it('verifies as it was written, goes on when it is opened again, and says where it stands', () => {
    const head = written();
    expect(verifyAudit(file)).toEqual(head);
    expect(recordedHead(file)).toEqual(head);
    const again = open();
    again.write({ kind: 'admission', client: 'north' });
    again.close();
    expect(verifyAudit(file, head)).toEqual(again.head);
    expect(again.head.lines).toBe(head.lines + 2);
  });

  it('shows 1,000 of 1,000 edits: of a byte, of a line taken out, of two lines exchanged, of an end cut off', () => {
    const head = written();
    const bytes = readFileSync(file);
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    const random = randomStream(1, 'edits');
    const below = (limit: number) => random.below(limit);
    const edit = join(temporary, 'edit', 'audit.jsonl');
    const kinds: Record<string, () => Buffer> = {
      byte() {
        const changed = Buffer.from(bytes);
        const place = below(bytes.length);
        changed[place] = changed[place]! ^ (1 + below(255));
        return changed;
      },
      line() {
        const place = below(lines.length);
        return Buffer.from(`${lines.filter((_, line) => line !== place).join('\n')}\n`);
      },
      order() {
        const changed = [...lines];
        const place = below(lines.length - 1);
        const other = place + 1 + below(lines.length - 1 - place);
        [changed[place], changed[other]] = [changed[other]!, changed[place]!];
        return Buffer.from(`${changed.join('\n')}\n`);
      },
      end: () => bytes.subarray(0, below(bytes.length)),
    };
    rmSync(join(temporary, 'edit'), { recursive: true, force: true });
    copyInto(edit, file);
    const missed: string[] = [];
    for (let i = 0; i < 1_000; i++) {
      const kind = Object.keys(kinds)[i % 4]!;
      writeFileSync(edit, kinds[kind]!());
      if (problem(() => verifyAudit(edit, head)) === undefined) missed.push(kind);
    }
    expect(missed).toEqual([]);
    writeFileSync(edit, bytes);
    expect(verifyAudit(edit, head)).toEqual(head);
  });

  it('written anew from a changed line on is still found by a head that was kept elsewhere', () => {
    const head = written();
    const [first] = readFileSync(file, 'utf8').split('\n');
    rmSync(file);
    rmSync(headFile(file));
    written();
    expect(readFileSync(file, 'utf8').split('\n')[0]).not.toBe(first);
    expect(verifyAudit(file).lines).toBe(head.lines);
    expect(problem(() => verifyAudit(file, head))).toContain('is not the one that was recorded');
  });

  it('of which a crash cut off the last line goes on, and says how many bytes were lost', () => {
    written();
    appendFileSync(file, '{"line":28,"at":"2026-');
    open().close();
    verifyAudit(file);
    expect(readFileSync(file, 'utf8').trim().split('\n').at(-1)).toContain('"kind":"opened","cutOff":22,');
  });

  it('is not gone on with when its end is missing', () => {
    written();
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${lines.slice(0, -3).join('\n')}\n`);
    expect(problem(open)).toContain('it is shorter than');
    expect(problem(() => verifyAudit(file))).toContain('it ends at line');
  });

  it('that has grown past its bound goes on in a new file, and shows 240 of 240 edits of any of them, a missing one too', () => {
    const head = written(1_500);
    const parts = [...oldParts(file), file];
    expect(parts.length).toBeGreaterThan(4);
    const texts = parts.map((part) => readFileSync(part));
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(1_500);
    expect(verifyAudit(file)).toEqual(head);
    const lastHash = /"hash":"([0-9a-f]{64})"\}\n$/.exec(texts[0]!.toString('utf8'))![1];
    expect(JSON.parse(texts[1]!.toString('utf8').split('\n')[0]!)).toMatchObject({ before: lastHash });

    const random = randomStream(2, 'edits');
    const missed: string[] = [];
    const kinds: Record<string, (place: number) => void> = {
      byte(place) {
        const changed = Buffer.from(texts[place]!);
        const at = random.below(changed.length);
        changed[at] = changed[at]! ^ (1 + random.below(255));
        writeFileSync(parts[place]!, changed);
      },
      end: (place) => writeFileSync(parts[place]!, texts[place]!.subarray(0, random.below(texts[place]!.length))),
      missing: (place) => rmSync(parts[place]!),
      exchanged(place) {
        writeFileSync(parts[place]!, texts[place + 1]!);
        writeFileSync(parts[place + 1]!, texts[place]!);
      },
    };
    for (let i = 0; i < 240; i++) {
      const kind = Object.keys(kinds)[i % 4]!;
      const place = random.below(parts.length - (kind === 'byte' || kind === 'end' ? 0 : 1));
      kinds[kind]!(place);
      if (problem(() => verifyAudit(file, head)) === undefined) missed.push(`${kind} ${place}`);
      for (const touched of [place, Math.min(place + 1, parts.length - 1)])
        writeFileSync(parts[touched]!, texts[touched]!);
    }
    expect(missed).toEqual([]);
    expect(verifyAudit(file)).toEqual(head);
  });

  it('goes on where a crash came right after a file was put away, and is not gone on with when that one is missing', () => {
    const head = written(1_500);
    renameSync(file, auditPart(file, oldParts(file).length + 1));
    const again = open(1_500);
    again.close();
    expect(again.head.lines).toBe(head.lines + 1);
    expect(verifyAudit(file)).toEqual(again.head);
    for (const part of [...oldParts(file), file]) rmSync(part);
    expect(problem(() => open(1_500))).toContain('it is shorter than');
  });

  it('is on the disk soon after a line, with its head, without anybody closing it', async () => {
    const log = open();
    for (let tries = 0; tries < 100 && recordedHead(file)?.lines !== 1; tries++)
      await new Promise((resolve) => setTimeout(resolve, 40));
    expect(recordedHead(file)).toEqual(log.head);
    log.close();
  });
});

function copyInto(target: string, source: string): void {
  openAuditLog(target, { clock: systemClock, failed: () => undefined }).close();
  copyFileSync(source, target);
  copyFileSync(headFile(source), headFile(target));
}
