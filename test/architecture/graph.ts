import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import type { Mention, SourceFile } from './source.ts';

/** A package of the workspace: its folder, its name, and what it lets others import. */
export interface Package {
  readonly folder: string;
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
}

export interface Edge extends Mention {
  readonly from: string;
  /** A file of the repository; undefined for a package from the registry, a built-in of Node, or what does not exist. */
  readonly to: string | undefined;
  /** Package from the registry (`@tensorflow/tfjs`) or built-in (`node:fs`); undefined for a file. */
  readonly outside: string | undefined;
}

export interface Graph {
  readonly files: readonly SourceFile[];
  readonly packages: readonly Package[];
  readonly edges: readonly Edge[];
}

const FOLDERS = ['libs/protocol', 'libs/model', 'apps/coordinator', 'apps/client', 'test'];

export function readPackages(root: string): Package[] {
  return FOLDERS.map((folder) => {
    const { name, exports = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      name: string;
      exports?: Record<string, Record<string, string>>;
    };
    const source = Object.entries(exports).map(([key, conditions]) => [key, conditions['@trunkline/source'] ?? '']);
    return { folder, name, exports: Object.fromEntries(source) as Record<string, string> };
  });
}

/** Links the mentions of all files. A mention that leads nowhere has neither `to` nor `outside`. */
export function graphOf(files: readonly SourceFile[], packages: readonly Package[]): Graph {
  const known = new Set(files.map(({ path }) => path));
  const edges = files.flatMap(({ path, mentions }) =>
    mentions.map((mention): Edge => {
      const to = fileOf(mention.specifier, path, packages, known);
      return {
        ...mention,
        from: path,
        to,
        outside: to === undefined ? outsideOf(mention.specifier, packages) : undefined,
      };
    }),
  );
  return { files, packages, edges };
}

function fileOf(specifier: string, from: string, packages: readonly Package[], known: ReadonlySet<string>) {
  const path = specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : exported(specifier, packages);
  return path !== undefined && known.has(path) ? path : undefined;
}

/** The source file behind `@trunkline/model/random`, by the package's own `exports`. */
function exported(specifier: string, packages: readonly Package[]): string | undefined {
  const owner = packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  if (!owner) return undefined;
  const key = `.${specifier.slice(owner.name.length)}`;
  const target = owner.exports[key] ?? owner.exports['./*']?.replace('*', key.slice(2));
  return target && posix.join(owner.folder, target);
}

function outsideOf(specifier: string, packages: readonly Package[]): string | undefined {
  if (specifier.startsWith('node:')) return specifier;
  if (builtinModules.includes(specifier)) return `node:${specifier}`;
  if (/^[./]/.test(specifier) || packages.some(({ name }) => specifier.split('/', 2).join('/') === name))
    return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** What `from` loads at run time, directly or through others, with the way to it: file or outside name → the file before it. */
export function closureOf(graph: Graph, from: readonly string[]): Map<string, string | undefined> {
  const next = byFile(graph.edges.filter(runs));
  const reached = new Map<string, string | undefined>(from.map((file) => [file, undefined]));
  for (const file of reached.keys()) {
    for (const { to, outside } of next.get(file) ?? []) {
      const target = to ?? outside;
      if (target !== undefined && !reached.has(target)) reached.set(target, file);
    }
  }
  return reached;
}

/** The steps by which `closure` reached a module: `a.ts → b.ts → @tensorflow/tfjs`. */
export function wayTo(closure: ReadonlyMap<string, string | undefined>, target: string): string {
  const way = [target];
  for (let step = closure.get(target); step !== undefined; step = closure.get(step)) way.unshift(step);
  return way.join(' → ');
}

/** The edge is there when the program runs. */
export const runs = ({ typeOnly }: Edge): boolean => !typeOnly;

function byFile(edges: readonly Edge[]): Map<string, Edge[]> {
  const groups = new Map<string, Edge[]>();
  for (const edge of edges) groups.set(edge.from, [...(groups.get(edge.from) ?? []), edge]);
  return groups;
}

/** Cycles of run-time imports, each as the files of one strongly connected component, in order of name (Tarjan 1972). */
export function cyclesOf(graph: Graph): string[][] {
  const imports = graph.edges.filter((edge) => runs(edge) && edge.kind !== 'url' && edge.to !== undefined);
  const next = byFile(imports);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const { to } of next.get(file) ?? []) {
      if (!index.has(to!)) visit(to!);
      if (stack.includes(to!)) low.set(file, Math.min(low.get(file)!, low.get(to!)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const component = stack.splice(stack.indexOf(file));
    const ownImport = next.get(file)?.some(({ to }) => to === file) ?? false;
    if (component.length > 1 || ownImport) cycles.push(component.sort());
  };
  for (const { path } of graph.files) if (!index.has(path)) visit(path);
  return cycles;
}
