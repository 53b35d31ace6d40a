import { closureOf, cyclesOf, runs, wayTo, type Edge, type Graph } from './graph.ts';

/** A rule of the house: what it says, and who breaks it, one sentence each. */
export interface Rule {
  readonly says: string;
  readonly broken: (graph: Graph) => string[];
}

const isTest = (path: string): boolean => path.startsWith('test/') || path.endsWith('.test.ts');
const isTfjs = ({ outside }: Edge): boolean => outside?.startsWith('@tensorflow/') ?? false;
const within = (path: string | undefined, ...folders: string[]): boolean =>
  path !== undefined && folders.some((folder) => path.startsWith(`${folder}/`));

const told = ({ from, line, specifier }: Edge, reason: string): string =>
  `${from}:${line} imports ${specifier}: ${reason}`;
const edgeRule = (says: string, breaks: (edge: Edge, graph: Graph) => boolean): Rule => ({
  says,
  broken: (graph) => graph.edges.filter((edge) => breaks(edge, graph)).map((edge) => told(edge, says)),
});

/** Room → the rooms that it may import from. What is not a room of its own (setup.mjs) stands at the end. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'libs/protocol': [],
  'libs/model': ['libs/protocol'],
  'apps/coordinator': ['libs/model', 'libs/protocol'],
  'apps/client': ['libs/model', 'libs/protocol'],
  test: ['libs/protocol', 'libs/model', 'apps/coordinator', 'apps/client'],
  examples: ['libs/protocol', 'libs/model', 'apps/client'],
};
const roomOf = (path: string): string | undefined => Object.keys(MAY_IMPORT).find((room) => within(path, room));

/** Packages that only one room's named files may load. Tests may speak to the wire by themselves. */
const oneFile = (packages: readonly string[], files: readonly string[]): Rule =>
  edgeRule(
    `${packages.join(', ')} ${packages.length > 1 ? 'are' : 'is'} imported in ${files.join(' and ')} only.`,
    ({ from, outside }) =>
      outside !== undefined && packages.includes(outside) && !files.includes(from) && !isTest(from),
  );

/** No file reached at run time from `start` may be one that `refused` names. */
const closureRule = (says: string, start: (path: string) => boolean, refused: (target: string) => boolean): Rule => ({
  says,
  broken: (graph) => {
    const from = graph.files.map(({ path }) => path).filter((path) => start(path) && !isTest(path));
    const closure = closureOf(graph, from);
    return [...closure.keys()].filter(refused).map((target) => `${wayTo(closure, target)}: ${says}`);
  },
});

const PURE = ['aggregation', 'optimizer', 'privacy', 'store'].map((room) => `libs/model/src/${room}`);
const TRAINS = /^libs\/model\/src\/(backend|learner|probe|doctor)(\.ts|\/)|^apps\/client\//;

export const importRules: readonly Rule[] = [
  {
    says: 'imports go test → apps → libs/model → libs/protocol.',
    broken: ({ edges }) =>
      edges.flatMap((edge) => {
        const [from, to] = [roomOf(edge.from), edge.to && roomOf(edge.to)];
        if (!from || !to || from === to || MAY_IMPORT[from]!.includes(to)) return [];
        return [told(edge, `${from} may not import ${to}; imports go test → apps → libs/model → libs/protocol.`)];
      }),
  },
  edgeRule(
    'a package is imported by the names that it exports, never by a path into its src.',
    ({ from, to, specifier, kind }) =>
      kind !== 'url' &&
      (/^@trunkline\/[^/]+\/(src|dist)(\/|$)/.test(specifier) ||
        (specifier.startsWith('.') && to !== undefined && roomOf(from) !== roomOf(to))) &&
      from !== 'setup.mjs',
  ),
  edgeRule(
    'inside a package imports are relative.',
    ({ from, to, specifier }) =>
      specifier.startsWith('@trunkline/') && to !== undefined && roomOf(to) === roomOf(from) && !isTest(from),
  ),
  edgeRule(
    'nothing lies there, so that nobody can say what it would load.',
    ({ to, outside, kind, specifier }) =>
      to === undefined && outside === undefined && kind !== 'url' && !specifier.startsWith('/'),
  ),
  {
    says: 'a module whose name is computed is loaded in load-task.ts only: the graph cannot see it.',
    broken: ({ files }) =>
      files
        .filter(
          ({ path }) => path !== 'apps/client/src/load-task.ts' && !isTest(path) && !within(path, 'libs/model/native'),
        )
        .flatMap(({ path, computed }) =>
          computed.map((line) => `${path}:${line} loads a module whose name is computed: the graph cannot see it.`),
        ),
  },
  edgeRule(
    'tfjs is loaded in libs/model/src/backend.ts only; elsewhere it is an argument (import type).',
    (edge) =>
      isTfjs(edge) &&
      runs(edge) &&
      edge.kind !== 'url' &&
      edge.from !== 'libs/model/src/backend.ts' &&
      !isTest(edge.from) &&
      !within(edge.from, 'libs/model/native'),
  ),
  edgeRule(
    'aggregation, optimizer, privacy and store know no tfjs, not even its types.',
    (edge) => isTfjs(edge) && within(edge.from, ...PURE) && !isTest(edge.from),
  ),
  closureRule(
    'aggregation, optimizer, privacy and store reach no tfjs and no file system, directly or through others.',
    (path) => within(path, ...PURE),
    (target) => target.startsWith('@tensorflow/') || /^node:fs(\/|$)/.test(target),
  ),
  edgeRule(
    'protocol knows neither the model nor tfjs.',
    (edge) => within(edge.from, 'libs/protocol') && (isTfjs(edge) || within(edge.to, 'libs/model')),
  ),
  oneFile(['socket.io'], ['apps/coordinator/src/gateway.ts']),
  oneFile(
    ['socket.io-client', 'engine.io-client', 'ws'],
    ['libs/protocol/src/line/link.ts', 'libs/protocol/src/line/zero-mask.ts'],
  ),
  oneFile(['msgpackr'], ['libs/protocol/src/wire/pack.ts']),
  closureRule(
    'the coordinator loads no tfjs and nothing that trains.',
    (path) => within(path, 'apps/coordinator/src'),
    (target) => target.startsWith('@tensorflow/') || TRAINS.test(target),
  ),
  edgeRule(
    'the set-up runs before anything is installed: Node built-ins only.',
    ({ from, outside, to, kind }) =>
      (from === 'setup.mjs' || within(from, 'libs/model/native')) &&
      (kind === 'import' || kind === 'dynamic') &&
      !(outside?.startsWith('node:') ?? within(to, 'libs/model/native')),
  ),
  {
    says: 'no file imports itself through others.',
    broken: (graph) => cyclesOf(graph).map((cycle) => `${cycle.join(', ')} import each other in a circle.`),
  },
];
