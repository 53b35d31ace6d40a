import type { z } from 'zod';
import { fail } from '@trunkline/protocol';
import { nearest } from './nearest.ts';
import type { Path } from './read-yaml.ts';
import { knownAt } from './known-keys.ts';
import { wrongValue } from './wrong-value.ts';

/**
 * Checks a configuration value against its schema; one problem becomes an error with file, line and column. An unknown key goes
 * before the rest: where `unit: 4` stands, the missing `units` is its consequence.
 * @throws CONFIG_UNKNOWN_KEY, CONFIG_INVALID
 */
export function checkConfig<S extends z.ZodType>(schema: S, value: unknown, at: (path: Path) => string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(deepest);
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const { keys } = knownAt(schema, path);
    const meant = nearest(key, keys);
    const known = keys.length ? `Known keys: ${keys.join(', ')}.` : 'Remove the key.';
    const remedy = meant ? `Did you mean \`${meant}\`?` : known;
    throw fail('CONFIG_UNKNOWN_KEY', { at: at([...path, key]), key: [...path, key].join('.'), remedy });
  }
  const key = path.join('.') || 'the file';
  throw fail('CONFIG_INVALID', {
    at: at(path),
    key,
    ...wrongValue(issue, valueAt(value, path), knownAt(schema, path)),
  });
}

type Issue = z.core.$ZodIssue;

/** A union reports all its branches: the branch that got furthest is the one that the user meant. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || !('errors' in issue)) return issue;
  const candidates = (issue.errors as Issue[][]).flatMap((branch) => {
    const found = branch.map(deepest);
    return found.find(({ code }) => code === 'unrecognized_keys') ?? found.slice(0, 1);
  });
  const best = candidates.reduce<Issue | undefined>((a, b) => (a && rank(a) >= rank(b) ? a : b), undefined);
  return best && best.path.length > 0
    ? { ...best, path: [...issue.path, ...best.path] }
    : best?.code === 'unrecognized_keys'
      ? { ...best, path: issue.path }
      : issue;
}

const rank = (issue: Issue) => issue.path.length * 2 + (issue.code === 'unrecognized_keys' ? 1 : 0);

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);
