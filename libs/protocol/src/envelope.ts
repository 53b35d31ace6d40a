import type { TrunklineError } from './fail.ts';

/** What `--format json` prints on stdout: exactly one of these, on one line. Everything for people goes to stderr. */
export type Envelope<T> =
  | { readonly schema: 1; readonly status: 'ok'; readonly data: T }
  | { readonly schema: 1; readonly status: 'error'; readonly error: { code: string; message: string; hint: string } };

export const success = <T>(data: T): Envelope<T> => ({ schema: 1, status: 'ok', data });
export const failure = (error: TrunklineError): Envelope<never> => ({
  schema: 1,
  status: 'error',
  error: error.report(),
});

/** An error as people read it: sentence, remedy, code. */
export const errorText = (error: TrunklineError): string =>
  `error: ${error.message}\n  ${error.hint}\n  (${error.code}, exit code ${error.exit})\n`;
