import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import { nearest } from './nearest.ts';
import type { Path } from './read-yaml.ts';

/**
 * Checks a configuration value against its schema; the first problem becomes an error with file, line and column.
 * @throws CONFIG_UNKNOWN_KEY, CONFIG_INVALID
 */
export function checkConfig<S extends z.ZodType>(schema: S, value: unknown, at: (path: Path) => string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues[0]!);
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const known = keysAt(schema, path);
    const meant = nearest(key, known);
    const remedy = meant
      ? `Did you mean \`${meant}\`?`
      : known.length
        ? `Known keys: ${known.join(', ')}.`
        : 'Remove the key.';
    throw fail('CONFIG_UNKNOWN_KEY', { at: at([...path, key]), key: [...path, key].join('.'), remedy });
  }
  const key = path.join('.') || 'the file';
  throw fail('CONFIG_INVALID', {
    at: at(path),
    key,
    problem: sentence(issue, valueAt(value, path)),
    remedy: 'See docs/reference for this key.',
  });
}

type Issue = z.core.$ZodIssue;

/** A union reports all its branches: the branch that got furthest is the one that the user meant. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || !('errors' in issue)) return issue;
  const candidates = (issue.errors as Issue[][]).flatMap((branch) => branch.slice(0, 1).map(deepest));
  const best = candidates.reduce<Issue | undefined>((a, b) => (a && rank(a) >= rank(b) ? a : b), undefined);
  return best && best.path.length > 0
    ? { ...best, path: [...issue.path, ...best.path] }
    : best?.code === 'unrecognized_keys'
      ? { ...best, path: issue.path }
      : issue;
}

const rank = (issue: Issue) => issue.path.length * 2 + (issue.code === 'unrecognized_keys' ? 1 : 0);

function sentence(issue: Issue, found: unknown): string {
  const shown = found === undefined ? 'nothing' : JSON.stringify(found);
  const text = issue.message.replace(/^Invalid (input|option): /, '').replace(/, received .*$/, '');
  return `${text}; found ${shown.length > 80 ? `${shown.slice(0, 77)}...` : shown}.`;
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);

/** The keys that an object schema knows at `path`, through optional, default and union wrappers. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  const json = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }) as JsonSchema;
  const resolve = (node: JsonSchema): JsonSchema[] => {
    if (node.$ref) return resolve(json.$defs?.[node.$ref.split('/').pop()!] ?? {});
    return [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(resolve)];
  };
  let nodes = resolve(json);
  for (const key of path) {
    nodes = nodes.flatMap((node) => {
      const inner = typeof key === 'number' ? node.items : (node.properties?.[key] ?? node.additionalProperties);
      return inner && typeof inner === 'object' ? resolve(inner) : [];
    });
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}

interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
}
