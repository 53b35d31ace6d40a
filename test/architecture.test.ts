import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { closureOf, graphOf, readPackages, type Graph } from './architecture/graph.ts';
import { nameRules } from './architecture/names.ts';
import { againstTags, readNxGraph, type NxGraph } from './architecture/nx-graph.ts';
import { importRules } from './architecture/rules.ts';
import { parseSource, readSources } from './architecture/source.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = readSources(root);
const packages = readPackages(root);
const graph = graphOf(sources, packages);
const rules = [...importRules, ...nameRules];

const verdict = (of: Graph): string[] => rules.flatMap((rule) => rule.broken(of));
/** The same house with these files in it; a path that exists is replaced. */
const planted = (files: Readonly<Record<string, string>>): Graph => {
  const kept = sources.filter(({ path }) => !(path in files));
  return graphOf([...kept, ...Object.entries(files).map(([path, text]) => parseSource(path, text))], packages);
};

describe('the house as it stands', () => {
  it.each(rules.map(({ says, broken }) => [says, broken] as const))('%s', (_, broken) => {
    expect(broken(graph)).toEqual([]);
  });

  it('keeps the layers that nx sees between the projects', async () => {
    const nx = await readNxGraph(root);
    expect(Object.keys(nx.nodes).sort()).toEqual(packages.map(({ name }) => name).sort());
    expect(nx.dependencies['@trunkline/model']).toContainEqual(
      expect.objectContaining({ target: '@trunkline/protocol' }),
    );
    expect(againstTags(nx)).toEqual([]);
  });
});

describe('the graph that the proof rests on', () => {
  const reach = (from: string) => [...closureOf(graph, [from]).keys()];

  it('follows packages, folders and worker threads to what they load', () => {
    expect(reach('apps/client/src/main.ts')).toEqual(
      expect.arrayContaining([
        'libs/protocol/src/wire/pack.ts', // a package's index, then a folder's
        'apps/client/src/trainer-thread.ts', // new URL(..., import.meta.url)
        'libs/model/src/backend.ts', // a sub-path of a package
        '@tensorflow/tfjs', // require
        'msgpackr',
      ]),
    );
    expect(reach('apps/coordinator/src/main.ts')).toEqual(
      expect.arrayContaining(['socket.io', 'libs/model/src/aggregation/index.ts', 'libs/model/src/trunk/trunk.ts']),
    );
  });

  it('takes a whole `import type` for erased, and `import { type A }` for loaded', () => {
    const [whole, single, inType] = parseSource(
      'a.ts',
      "import type { A } from 'x';\nimport { type B } from 'y';\nlet c: import('z').C;",
    ).mentions;
    expect([whole?.typeOnly, single?.typeOnly, inType?.typeOnly]).toEqual([true, false, true]);
  });
});

describe('a planted violation is caught with its sentence', () => {
  const before = verdict(graph);
  const model = 'libs/model/src/planted.ts';
  const client = 'apps/client/src/planted.ts';
  const coordinator = 'apps/coordinator/src/planted.ts';
  const protocol = 'libs/protocol/src/planted.ts';
  const median = 'libs/model/src/aggregation/planted.ts';

  it.each<[string, Record<string, string>, string]>([
    [
      'a library that imports an app',
      { [model]: "import '@trunkline/client';" },
      'libs/model may not import apps/client',
    ],
    [
      'an app that imports an app',
      { [client]: "import '@trunkline/coordinator';" },
      'apps/client may not import apps/coordinator',
    ],
    [
      'an app’s types in a library',
      { [model]: "import type { A } from '@trunkline/client';" },
      'libs/model may not import apps/client',
    ],
    [
      'a library that imports a test',
      { [model]: "import '../../../test/simulate/job.ts';" },
      'libs/model may not import test',
    ],
    [
      'a re-export upwards',
      { [protocol]: "export * from '@trunkline/model/random';" },
      'libs/protocol may not import libs/model',
    ],
    [
      'the protocol and the model',
      { [protocol]: "const m = await import('@trunkline/model/random');" },
      'protocol knows neither the model nor tfjs.',
    ],
    [
      'the protocol and tfjs',
      { [protocol]: "import type { Tensor } from '@tensorflow/tfjs';" },
      'protocol knows neither the model nor tfjs.',
    ],
    [
      'a path into another package',
      { [client]: "import '../../../libs/model/src/random.ts';" },
      'never by a path into its src.',
    ],
    [
      'a name into another package’s src',
      { [client]: "import '@trunkline/model/src/random.ts';" },
      'never by a path into its src.',
    ],
    [
      'a package that imports itself by name',
      { [model]: "import '@trunkline/model/random';" },
      'inside a package imports are relative.',
    ],
    ['a sub-path that nobody exports', { [client]: "import '@trunkline/model/nowhere';" }, 'nothing lies there'],
    ['a file that does not exist', { [client]: "import './nowhere.ts';" }, 'nothing lies there'],
    ['a computed import', { [model]: 'const load = (name: string) => import(name);' }, 'whose name is computed'],
    [
      'tfjs beside backend.ts',
      { [model]: "import * as tf from '@tensorflow/tfjs';" },
      'tfjs is loaded in libs/model/src/backend.ts only',
    ],
    [
      'tfjs by require',
      { [client]: "require('@tensorflow/tfjs-node-gpu');" },
      'tfjs is loaded in libs/model/src/backend.ts only',
    ],
    [
      'tfjs by import()',
      { [client]: "await import('@tensorflow/tfjs');" },
      'tfjs is loaded in libs/model/src/backend.ts only',
    ],
    [
      'a type of tfjs in a strategy',
      { [median]: "import type { Tensor } from '@tensorflow/tfjs';" },
      'not even its types.',
    ],
    ['the file system in a strategy', { [median]: "import 'node:fs/promises';" }, 'planted.ts → node:fs/promises: '],
    ['the file system by its old name', { [median]: "import 'fs';" }, 'planted.ts → node:fs: '],
    [
      'the file system behind a strategy',
      { [median]: "import '../planted.ts';", [model]: "import 'node:fs';" },
      'aggregation/planted.ts → libs/model/src/planted.ts → node:fs: ',
    ],
    [
      'socket.io beside the gateway',
      { [coordinator]: "import 'socket.io';" },
      'socket.io is imported in apps/coordinator/src/gateway.ts only.',
    ],
    [
      'socket.io-client beside the link',
      { [client]: "import { io } from 'socket.io-client';" },
      'socket.io-client, engine.io-client, ws are imported in',
    ],
    [
      'ws in the coordinator',
      { [coordinator]: "import 'ws';" },
      'socket.io-client, engine.io-client, ws are imported in',
    ],
    [
      'msgpackr beside pack.ts',
      { [protocol]: "import { Packr } from 'msgpackr';" },
      'msgpackr is imported in libs/protocol/src/wire/pack.ts only.',
    ],
    [
      'a coordinator that opens a backend',
      { [coordinator]: "import '@trunkline/model/backend';" },
      'planted.ts → libs/model/src/backend.ts: the coordinator loads no tfjs and nothing that trains.',
    ],
    [
      'a coordinator that starts a worker which trains',
      {
        [coordinator]: "new Worker(new URL('./worker.ts', import.meta.url));",
        'apps/coordinator/src/worker.ts': "import '@trunkline/model/backend';",
      },
      'worker.ts → libs/model/src/backend.ts → @tensorflow/tfjs: the coordinator',
    ],
    [
      'a set-up that needs a package',
      { 'setup.mjs': "import 'zod';" },
      'setup.mjs:1 imports zod: the set-up runs before',
    ],
    [
      'two files in a circle',
      { [client]: "import './other.ts';", 'apps/client/src/other.ts': "export * from './planted.ts';" },
      'apps/client/src/other.ts, apps/client/src/planted.ts import each other in a circle.',
    ],
    [
      'a name in camelCase',
      { 'libs/model/src/loss/focalLoss.ts': '' },
      'focalLoss.ts: files and folders are named in kebab-case.',
    ],
    ['a folder of odds and ends', { 'libs/model/src/utils/mean.ts': '' }, 'utils/mean.ts: a name says what is inside'],
    ['a manager', { 'apps/client/src/head-manager.ts': '' }, 'head-manager.ts: a name says what is inside'],
    ['a file of 301 lines', { [model]: 'let a;\n'.repeat(301) }, 'planted.ts: a file has at most 300 lines'],
    ['a default export', { [model]: 'export default 1;' }, 'planted.ts: exports have names'],
  ])('%s', (_, files, sentence) => {
    const found = verdict(planted(files)).filter((text) => !before.includes(text));
    expect(found).toContainEqual(expect.stringContaining(sentence));
    expect(found.every((text) => Object.keys(files).some((path) => text.includes(path)))).toBe(true);
  });

  it('and what the rules allow is not', () => {
    const allowed = planted({
      [model]: "import type { Tensor } from '@tensorflow/tfjs';\nimport { fail } from '@trunkline/protocol';",
      [client]: "import '@trunkline/model/random';\nimport 'node:fs';\n// import '@trunkline/coordinator';",
      'libs/model/src/planted.test.ts': "import * as tf from '@tensorflow/tfjs';",
      'test/planted.test.ts': "import '@trunkline/coordinator';\nimport 'ws';",
      'examples/planted/own.task.ts': "import { startClient } from '@trunkline/client';\nexport default startClient;",
    });
    expect(verdict(allowed)).toEqual(before);
  });

  it('an edge that the tags of nx forbid', () => {
    const nodes = {
      low: { data: { tags: ['layer:protocol'] } },
      high: { data: { tags: ['layer:app'] } },
      bare: { data: {} },
    };
    const nx: NxGraph = {
      nodes,
      dependencies: { low: [{ source: 'low', target: 'high' }], high: [{ source: 'high', target: 'low' }] },
    };
    expect(againstTags(nx)).toEqual([
      'bare needs exactly one tag of protocol, model, app, test.',
      'low (protocol) may not depend on high (app).',
    ]);
  });
});
