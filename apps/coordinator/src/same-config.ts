import { fail } from '@trunkline/protocol';

/** Keys that may change between two starts of one run. `rounds` may only grow. */
const FREE = ['listen', 'clients', 'relays', 'output', 'record', 'uploadsMb'];

type Tree = Readonly<Record<string, unknown>>;

/**
 * Refuses to go on with another configuration than the run was begun with; every key that differs is named (`optimizer.adam.learningRate`).
 * @param now the configuration that it is started with, in the form in which `before` was written
 * @throws RUN_CONFIG_CHANGED
 */
export function refuseChange(folder: string, before: Tree, now: Tree): void {
  const [from, to] = [plain(before), plain(now)];
  const keys = differing(from, to, []).filter((key) => !FREE.includes(key.split('.')[0]!) && !raised(key, from, to));
  if (keys.length > 0) throw fail('RUN_CONFIG_CHANGED', { folder, keys: keys.join(', ') });
}

const raised = (key: string, from: Tree, to: Tree): boolean =>
  key === 'rounds' && Number(to['rounds']) > Number(from['rounds']);

/** As it would be read again: no undefined, no class. */
const plain = (tree: Tree): Tree => JSON.parse(JSON.stringify(tree)) as Tree;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function differing(from: unknown, to: unknown, path: readonly string[]): string[] {
  if (isTree(from) && isTree(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return keys.flatMap((key) => differing(from[key], to[key], [...path, key]));
  }
  return JSON.stringify(from) === JSON.stringify(to) ? [] : [path.join('.')];
}
