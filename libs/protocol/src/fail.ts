import { errors, type ErrorCode } from './errors.ts';

type Names<T extends string> = T extends `${string}{${infer K}}${infer Rest}` ? K | Names<Rest> : never;
/** The values that the sentence and hint of `C` need. */
export type ErrorValues<C extends ErrorCode> = Record<
  Names<(typeof errors)[C]['message'] | (typeof errors)[C]['hint']>,
  string | number
>;

/** What crosses the wire, and stands in a JSON envelope, for an error. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export class TrunklineError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly exit: number;

  constructor(report: { code: ErrorCode; message: string; hint: string }, cause?: unknown) {
    super(report.message, cause === undefined ? undefined : { cause });
    this.name = 'TrunklineError';
    this.code = report.code;
    this.hint = report.hint;
    this.exit = errors[report.code].exit;
  }

  report(): ErrorReport {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

/** Builds the error `code`; throw it. `cause` is kept for logs. */
export function fail<C extends ErrorCode>(code: C, values: ErrorValues<C>, cause?: unknown): TrunklineError {
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) =>
      String((values as Record<string, string | number>)[name] ?? `{${name}}`),
    );
  return new TrunklineError({ code, message: fill(errors[code].message), hint: fill(errors[code].hint) }, cause);
}

/** What a system says of a disk that cannot take more, or does not work; refused rights have other reasons too. */
const DISK_CODES = ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'];

/** Any thrown value as a TrunklineError: known ones as they are, a disk's as STORAGE_FAILED, others as UNEXPECTED with their text. */
export function toTrunklineError(thrown: unknown): TrunklineError {
  if (thrown instanceof TrunklineError) return thrown;
  if (thrown instanceof Error && 'code' in thrown && DISK_CODES.includes(String(thrown.code))) {
    const file = 'path' in thrown && typeof thrown.path === 'string' ? thrown.path : 'to the disk';
    return fail('STORAGE_FAILED', { file, reason: thrown.message }, thrown);
  }
  return fail('UNEXPECTED', { what: thrown instanceof Error ? thrown.message : String(thrown) }, thrown);
}

/** An error that arrived from the other side. A code this version does not know becomes UNEXPECTED, its text kept. */
export function fromReport(report: ErrorReport): TrunklineError {
  const code: ErrorCode = Object.hasOwn(errors, report.code) ? (report.code as ErrorCode) : 'UNEXPECTED';
  return new TrunklineError({ code, message: report.message, hint: report.hint });
}
