import type { z } from 'zod';
import type { KnownThere } from './known-keys.ts';
import { nearest } from './nearest.ts';

/** What is wrong with a value, and what to do: the words of CONFIG_INVALID. */
export function wrongValue(
  issue: z.core.$ZodIssue,
  found: unknown,
  known: KnownThere,
): { problem: string; remedy: string } {
  const meant = typeof found === 'string' ? nearest(found, known.texts) : undefined;
  if (found === undefined) {
    return { problem: `missing; ${expected(issue, known)}.`, remedy: 'Add the key; docs/reference explains it.' };
  }
  const shown = JSON.stringify(found);
  return {
    problem: `${expected(issue, known)}; found ${shown.length > 80 ? `${shown.slice(0, 77)}...` : shown}.`,
    remedy: meant ? `Did you mean \`${meant}\`?` : 'Correct the value; docs/reference explains the key.',
  };
}

/** The checker's own sentence without what it repeats, and with a list of texts as a list. */
function expected(issue: z.core.$ZodIssue, known: KnownThere): string {
  if (issue.code === 'invalid_value' && issue.values.length > 1) return `expected one of ${issue.values.join(', ')}`;
  if (issue.message === 'Invalid input' && known.keys.length > 0)
    return `expected one of the keys ${known.keys.join(', ')}`;
  return issue.message
    .replace(/^Invalid (input|option): /, '')
    .replace(/^Too (?:small|big): expected (\w+) to (?:be|have) /, 'expected $1 ')
    .replace(/([<>]=?)(?=[-\d])/, '$1 ')
    .replace(/, received .*$/, '')
    .replace(/^expected (number|string|array|object|record)/, (_, type: string) => `expected ${TYPES[type]}`);
}

/** The types as YAML's users call them. */
const TYPES: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'a text',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
};
