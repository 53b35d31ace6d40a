import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What `nx graph --file` writes, as far as it is read here. */
export interface NxGraph {
  readonly nodes: Readonly<Record<string, { readonly data: { readonly tags?: readonly string[] } }>>;
  readonly dependencies: Readonly<Record<string, readonly { readonly source: string; readonly target: string }[]>>;
}

/** Layer → the layers below it. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  model: ['protocol'],
  app: ['model', 'protocol'],
  test: ['app', 'model', 'protocol'],
};

/** Asks nx, which reads the imports of the sources by itself (`analyzeSourceFiles` in nx.json). */
export async function readNxGraph(root: string): Promise<NxGraph> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-graph-'));
  try {
    const file = join(folder, 'graph.json');
    const nx = createRequire(import.meta.url).resolve('nx/bin/nx.js');
    const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', CI: 'true' };
    await promisify(execFile)(process.execPath, [nx, 'graph', `--file=${file}`], { cwd: root, env, timeout: 60_000 });
    return (JSON.parse(await readFile(file, 'utf8')) as { graph: NxGraph }).graph;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Edges that the tags `layer:…` forbid, one sentence each; also projects without exactly one such tag. */
export function againstTags({ nodes, dependencies }: NxGraph): string[] {
  const layers = (project: string) =>
    (nodes[project]?.data.tags ?? []).filter((tag) => tag.startsWith('layer:')).map((tag) => tag.slice(6));
  const untagged = Object.keys(nodes)
    .filter((project) => layers(project).length !== 1 || !(layers(project)[0]! in BELOW))
    .map((project) => `${project} needs exactly one tag of ${Object.keys(BELOW).join(', ')}.`);
  const upward = Object.values(dependencies)
    .flat()
    .filter(({ target }) => target in nodes)
    .filter(({ source, target }) => !BELOW[layers(source)[0] ?? '']?.includes(layers(target)[0] ?? ''))
    .map(
      ({ source, target }) => `${source} (${layers(source)[0]}) may not depend on ${target} (${layers(target)[0]}).`,
    );
  return [...untagged, ...upward];
}
