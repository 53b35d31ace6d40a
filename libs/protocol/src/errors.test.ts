import { describe, expect, it } from 'vitest';
import { errors, type ErrorCode } from './errors.ts';
import { fail, fromReport, toTrunklineError, type TrunklineError } from './fail.ts';

const all = Object.entries(errors) as [ErrorCode, { message: string; hint: string; exit: number }][];
const anything = new Proxy({}, { get: (_, name) => `<${String(name)}>` }) as Record<string, string>;
const raise = (code: ErrorCode): TrunklineError =>
  (fail as (code: ErrorCode, values: object) => TrunklineError)(code, anything);
/** Sentences that are wholly a value: whoever throws them writes the sentence. */
const isValue = (text: string): boolean => /^\{\w+\}$/.test(text);

/** Codes and exit codes as released; add to it, never take away. */
const RELEASED: Readonly<Record<string, number>> = {
  UNEXPECTED: 1,
  USAGE: 2,
  CONFIG_MISSING: 2,
  CONFIG_SYNTAX: 2,
  CONFIG_INVALID: 2,
  CONFIG_UNKNOWN_KEY: 2,
  LAYER_UNKNOWN: 2,
  LAYER_REFUSED: 2,
  LAYER_SHAPE: 2,
  STRATEGY_UNKNOWN: 2,
  STRATEGY_NEEDS_ROWS: 2,
  OPTIMIZER_UNKNOWN: 2,
  WEIGHT_UNKNOWN_TASK: 2,
  EXPECT_UNSERVED: 2,
  EXPECT_MISSING: 2,
  RUN_FOLDER_EXISTS: 2,
  RUN_CONFIG_CHANGED: 2,
  LISTEN_NOT_LOOPBACK: 2,
  CERTIFICATE_BROKEN: 2,
  NODE_TOO_OLD: 2,
  GPU_ABSENT: 2,
  DATA_FILE_MISSING: 2,
  DATA_FILE_BROKEN: 2,
  DATA_ARRAY_MISSING: 2,
  DATA_SHAPE: 2,
  DATA_LABEL_RANGE: 2,
  DATA_NOT_FINITE: 2,
  DATA_COLUMN_MISSING: 2,
  DATA_ROW_BROKEN: 2,
  DATA_IMAGE_BROKEN: 2,
  DATA_SPLIT_EMPTY: 2,
  DATA_NO_LABELS: 2,
  TARGET_UNKNOWN: 2,
  BATCH_SIZE_DIFFERS: 2,
  METRIC_UNKNOWN: 2,
  COORDINATOR_UNREACHABLE: 10,
  PORT_IN_USE: 11,
  LISTEN_FAILED: 11,
  CONNECTION_LOST: 12,
  WAITED_TOO_LONG: 13,
  COORDINATOR_UNTRUSTED: 14,
  COORDINATOR_NOT_INVITER: 15,
  PROTOCOL_VERSION: 20,
  ADMISSION_REFUSED: 21,
  TASK_DUPLICATE: 22,
  TRUNK_DIFFERS: 23,
  TRUNK_INPUT: 23,
  TASK_UNEXPECTED: 24,
  CLIENT_DUPLICATE: 25,
  CLIENT_KEY_DIFFERS: 26,
  CLIENT_REVOKED: 27,
  INVITATION_EXPIRED: 28,
  INVITATION_USED: 28,
  CHALLENGE_STALE: 29,
  COORDINATOR_BUSY: 29,
  MESSAGE_INVALID: 30,
  MESSAGE_TOO_LARGE: 31,
  CONTRIBUTION_STALE: 32,
  CONTRIBUTION_HASH: 33,
  CONTRIBUTION_NOT_FINITE: 34,
  CONTRIBUTION_EQUIVOCAL: 37,
  CONTRIBUTION_UNKNOWN: 35,
  CONTRIBUTION_SEAL: 38,
  TRUNK_HASH: 36,
  TASK_DIVERGED: 40,
  BACKEND_FAILED: 41,
  CLIENT_FAILED: 42,
  TRAINER_CRASHED: 43,
  STORAGE_FAILED: 50,
  SNAPSHOT_BROKEN: 51,
  FOLDER_BROKEN: 51,
  RUN_LOCKED: 54,
  FOLDER_FORMAT: 55,
  RUN_OLDER: 56,
  KEY_BROKEN: 52,
  ROSTER_BROKEN: 53,
  AUDIT_BROKEN: 54,
  JOURNAL_DAMAGED: 56,
  JOURNAL_VERSION: 57,
  JOURNAL_REPLAY: 58,
  OUTBOX_VERSION: 57,
  INTERRUPTED: 130,
};

describe('the list of errors', () => {
  it('only grows: a code that was ever released stays, with its exit code', () => {
    expect(Object.fromEntries(all.map(([code, { exit }]) => [code, exit]))).toMatchObject(RELEASED);
  });

  it.each(all)('%s: sentence and remedy end with a full stop or a value that does', (_, { message, hint }) => {
    for (const text of [message, hint]) expect(isValue(text) || /(\.|\{\w+\})$/.test(text)).toBe(true);
  });

  it.each(all)('%s: its exit code lies in a group', (_, { exit }) => {
    expect(exit === 1 || exit === 2 || (exit >= 10 && exit < 60) || exit === 130).toBe(true);
  });

  it.each(all)('%s: a placeholder is filled wherever it stands', (code) => {
    const error = raise(code);
    for (const text of [error.message, error.hint]) expect(text).not.toMatch(/\{\w+\}/);
  });

  it('codes are in capitals, and those of one group stand together', () => {
    for (const [code] of all) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    const groups = all.map(([, { exit }]) => (exit < 10 ? exit : Math.floor(exit / 10) * 10));
    expect(groups).toEqual([...groups].sort((a, b) => a - b));
  });
});

describe('an error', () => {
  it('says its values, and what to do', () => {
    expect(fail('TASK_DUPLICATE', { at: 'lab-b.yaml:6:9', task: 'pets', other: 'lab-a' }).report()).toEqual({
      code: 'TASK_DUPLICATE',
      message: 'lab-b.yaml:6:9: task `pets` is already served by client lab-a.',
      hint: 'Choose another id, or, where both train the same task, set `replica: true` at each of them.',
    });
  });

  it('takes a value as text, even one that looks like a placeholder or a replacement pattern', () => {
    expect(fail('USAGE', { what: '{remedy} $& $1', remedy: 'r' }).message).toBe('{remedy} $& $1');
  });

  it('keeps its cause, and the exit code of its kind', () => {
    const cause = new Error('disk');
    const error = fail('STORAGE_FAILED', { file: 'a', reason: 'full.' }, cause);
    expect(error.cause).toBe(cause);
    expect(error.exit).toBe(50);
  });

  it('of the other side keeps its text; a code of a newer version counts as unexpected', () => {
    const known = fromReport({ code: 'TASK_UNEXPECTED', message: 'm', hint: 'h' });
    expect([known.code, known.exit, known.message]).toEqual(['TASK_UNEXPECTED', 24, 'm']);
    const newer = fromReport({ code: 'FROM_TOMORROW', message: 'm', hint: 'h' });
    expect([newer.code, newer.exit, newer.message, newer.hint]).toEqual(['UNEXPECTED', 1, 'm', 'h']);
  });

  it.each(['toString', 'constructor', '__proto__'])('of the other side with the code `%s` is unexpected', (code) => {
    const error = fromReport({ code, message: 'm', hint: 'h' });
    expect([error.code, error.exit]).toEqual(['UNEXPECTED', 1]);
  });

  it('is made of anything thrown; a known one passes as it is', () => {
    const known = fail('USAGE', { what: 'w', remedy: 'r' });
    expect(toTrunklineError(known)).toBe(known);
    const cause = new RangeError('boom');
    expect(toTrunklineError(cause)).toMatchObject({ code: 'UNEXPECTED', message: 'boom', cause });
    expect(toTrunklineError('text').message).toBe('text');
  });
});
