import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { fail } from '@trunkline/protocol';

export type Path = readonly (string | number)[];

/** A configuration file's value, and where each of its keys stands. */
export interface ConfigFile {
  /** As the user named it: what errors show. */
  readonly name: string;
  /** The path it was read from. */
  readonly file: string;
  /** What was given by `--set`, so that another thread can read the same again. */
  readonly overrides: readonly string[];
  /** The folder that relative paths in the file start from. */
  readonly folder: string;
  readonly value: unknown;
  /**
   * `file:line:column` of a key's value, or of the nearest key above it that the file has. Where the value begins on a line below its
   * key, that of the key.
   */
  readonly at: (path: Path) => string;
}

/**
 * Reads YAML (1.2, no custom tags, aliases bounded by the library). `overrides` are texts `a.b=value`, the value parsed as YAML;
 * errors about such a key point at `--set a.b`.
 * @throws CONFIG_MISSING, CONFIG_SYNTAX, USAGE (an override without `=`)
 */
export function readYaml(file: string, overrides: readonly string[] = []): ConfigFile {
  return parseYaml(readText(file), file, overrides);
}

/** The same for a text that is at hand; `file` gives its name and folder. */
export function parseYaml(text: string, file: string, overrides: readonly string[] = []): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number) => lines.linePos(offset).line;
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const problem = document.errors[0];
  if (problem) throw fail('CONFIG_SYNTAX', { at: place(problem.pos[0]), problem: firstLine(problem.message) }, problem);
  const set = overrides.map(parseOverride);
  const value = set.reduce((tree, { path, value: given }) => put(tree, path, given), document.toJS() as unknown);
  const at = (path: Path) => {
    const override = set.find(({ path: given }) => given.every((key, i) => String(path[i]) === key));
    if (override) return `--set ${override.path.join('.')}`;
    return place(offsetOf(document, path, lineOf));
  };
  return { name: basename(file), file, overrides, folder: dirname(resolve(file)), value, at };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw fail('CONFIG_MISSING', { file }, cause);
  }
}

/** The parser's sentence; where it is, `at` says. */
const firstLine = (text: string) => text.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');

function offsetOf(document: Document, path: Path, lineOf: (offset: number) => number): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    const value = isNode(node) ? node.range?.[0] : undefined;
    const key = keyOffset(document, path.slice(0, depth));
    if (value === undefined && key === undefined) continue;
    return value === undefined || (key !== undefined && lineOf(key) < lineOf(value)) ? key! : value;
  }
  return 0;
}

/** Where the last key of `path` itself stands; undefined for an entry of a list. */
function keyOffset(document: Document, path: Path): number | undefined {
  const map = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (!isMap(map)) return undefined;
  const key = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(path.at(-1)))?.key;
  return isNode(key) ? key.range?.[0] : undefined;
}

function parseOverride(text: string): { path: string[]; value: unknown } {
  const split = text.indexOf('=');
  if (split < 1) {
    throw fail('USAGE', {
      what: `--set ${text}: expected KEY=VALUE.`,
      remedy: 'Write for example --set optimizer.adam.learningRate=0.01',
    });
  }
  const value = parseDocument(text.slice(split + 1));
  if (value.errors[0])
    throw fail('CONFIG_SYNTAX', { at: `--set ${text.slice(0, split)}`, problem: firstLine(value.errors[0].message) });
  return { path: text.slice(0, split).split('.'), value: value.toJS() as unknown };
}

/** A copy of `tree` with `value` at `path`; numbers in the path index lists. */
function put(tree: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(tree)) {
    const copy = tree.slice() as unknown[];
    copy[Number(key)] = put(copy[Number(key)], rest, value);
    return copy;
  }
  // A bare name such as `optimizer: adam` becomes a map when one of its parameters is set.
  const map = typeof tree === 'string' && tree === key ? {} : typeof tree === 'object' && tree !== null ? tree : {};
  return { ...map, [key]: put((map as Record<string, unknown>)[key], rest, value) };
}
