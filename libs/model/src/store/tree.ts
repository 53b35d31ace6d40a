import { fail } from '@trunkline/protocol';
import { dtypeOf, type TypedArray } from './dtype.ts';
import { METADATA } from './tensor-file.ts';

/** Levels of a tree at most: deeper ones would overflow the stack of some reader. */
const DEEPEST = 200;

/** A tree of plain JSON, with its typed arrays beside it under their paths. */
export interface Lifted {
  readonly json: unknown;
  readonly arrays: Readonly<Record<string, TypedArray>>;
}

/**
 * Takes the typed arrays out of a tree of plain objects, arrays, texts, numbers, booleans and null, and says by marks what JSON
 * cannot: `{"$array": path}`, `{"$number": "-0"}` (NaN, Infinity, -Infinity), `{"$undefined": true}` inside an array. Keys of the tree that
 * begin with `$` get one more. Keys whose value is undefined are dropped.
 * @throws UNEXPECTED for anything else: a function, a class instance, a cycle
 */
export function lift(tree: unknown): Lifted {
  const arrays: [string, TypedArray][] = [];
  const visit = (value: unknown, path: readonly string[]): unknown => {
    const refuse = (what: string) =>
      fail('UNEXPECTED', { what: `${what} at \`${path.join('.')}\` cannot be saved in a snapshot` });
    if (path.length > DEEPEST) throw refuse('What lies deeper than 200 levels');
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') return isJson(value) ? value : { $number: Object.is(value, -0) ? '-0' : `${value}` };
    if (value === undefined) return { $undefined: true };
    if (typeof value !== 'object') throw refuse(`A ${typeof value}`);
    if (dtypeOf(value)) {
      const name = nameOf(path);
      arrays.push([name, value as TypedArray]);
      return { $array: name };
    }
    if (Array.isArray(value)) return Array.from(value, (item, i) => visit(item, [...path, `${i}`]));
    if (!isPlain(value)) throw refuse(`A ${value.constructor?.name ?? 'strange object'}`);
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key.startsWith('$') ? `$${key}` : key, visit(item, [...path, key])]),
    );
  };
  return { json: visit(tree, []), arrays: Object.fromEntries(arrays) };
}

/**
 * The tree again. Each array must be used exactly once.
 * @param broken makes the error for a problem
 */
export function settle({ json, arrays }: Lifted, broken: (problem: string) => Error): unknown {
  const left = new Map(Object.entries(arrays));
  const visit = (value: unknown, depth: number): unknown => {
    if (depth > DEEPEST) throw broken('its tree is deeper than 200 levels');
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => visit(item, depth + 1));
    const fields = Object.entries(value);
    const mark = fields.find(([key]) => key.startsWith('$') && !key.startsWith('$$'));
    if (mark && fields.length === 1) return marked(mark);
    if (mark) throw broken(`its tree has an unknown mark \`${mark[0]}\``);
    return Object.fromEntries(
      fields.map(([key, item]) => [key.startsWith('$') ? key.slice(1) : key, visit(item, depth + 1)]),
    );
  };
  const marked = ([mark, what]: [string, unknown]): unknown => {
    if (mark === '$undefined' && what === true) return undefined;
    if (mark === '$number' && typeof what === 'string' && ['-0', 'NaN', 'Infinity', '-Infinity'].includes(what)) {
      return Number(what);
    }
    const array = mark === '$array' && typeof what === 'string' ? left.get(what) : undefined;
    if (array === undefined) throw broken(`its tree has a mark \`${mark}\` for what is not there`);
    left.delete(what as string);
    return array;
  };
  const tree = visit(json, 0);
  const [unused] = left.keys();
  if (unused !== undefined) throw broken(`its tree does not mention the tensor \`${unused}\``);
  return tree;
}

const isJson = (value: number) => Number.isFinite(value) && !Object.is(value, -0);

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Keys joined by `/`, both `~` and `/` inside a key escaped as in a JSON pointer (RFC 6901): two paths never share a name. */
function nameOf(path: readonly string[]): string {
  const name = path.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  return name === '' || name === METADATA ? `~${name}` : name;
}
