// Bundles what runs into `dist/` of every package (of `test`, from the folder itself), as far as something changed.
// A program from its sources, or from as many built files, opens 700 of them and takes more than a second of a core to start; bundled it opens 50.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const PACKAGES = [
  { from: 'libs/protocol/src', to: 'libs/protocol/dist' },
  { from: 'libs/model/src', to: 'libs/model/dist' },
  { from: 'apps/coordinator/src', to: 'apps/coordinator/dist' },
  { from: 'apps/client/src', to: 'apps/client/dist' },
  { from: 'test', to: 'test/dist' },
];
/** What is started, as a program or a thread, or imported by name; everything else lies in chunks that these share, each module once. */
const ENTRIES = [
  /^apps\/[^/]+\/src\/(index|main|trainer-thread)\.ts$/,
  /^libs\/[^/]+\/src\/([^/]+\/)*index\.ts$/,
  /^libs\/model\/src\/(random|layout|backend|doctor|probe|task|learner|data\/image-thread)\.ts$/,
  /^test\/[^/]+\/main\.ts$/,
  /^test\/[a-z/-]+\/([a-z-]+-)?process\.ts$/,
  /^test\/(faults\/failing-coordinator|gpu\/gradient|leaderboard\/cell|privacy\/leaking-client|wire\/gauge)\.ts$/,
];
/** Native code, files of their own, and tools. */
const LEFT_OUT = ['@tensorflow/*', 'msgpackr-extract', 'bufferutil', 'utf-8-validate', 'h5wasm', 'esbuild', 'tsx'];
const TOOLS = [
  '@types/*',
  'axe-core',
  'fast-check',
  'nx',
  'playwright-core',
  'prettier',
  'typescript',
  'uplot',
  'vitest',
];
const CHUNKS = 'dist';
const STAMP = join(root, CHUNKS, 'built.json');
const SKIPPED_FOLDERS = new Set(['dist', 'node_modules', 'fixtures', 'vectors', '__snapshots__']);
/** What an older build left is kept as long as a program that it started may still load it. */
const KEPT_MS = 24 * 3_600_000;

/**
 * Brings every `dist/` up to date; a glance at the files' sizes and times when nothing changed. Several may build at once: each file is
 * written whole or not at all.
 * @returns {Promise<number>} how many files were written
 */
export async function build() {
  const sources = PACKAGES.flatMap(({ from, to }) =>
    filesOf(from).map((file) => ({ file: join(from, file), from, to })),
  );
  const state = stateOf([...sources.map(({ file }) => file), 'build.mjs', 'package-lock.json']);
  const before = stampBefore();
  if (before?.state === state && before.outputs.every((file) => existsSync(join(root, file)))) return 0;
  const written = [...(await bundle(sources)), ...(await copyPages(sources))];
  await whole(STAMP, (partial) => writeFile(partial, JSON.stringify({ state, outputs: written })));
  await clearUp(new Set([...written, relative(root, STAMP)]));
  return written.length;
}

/** Where the built form of a source lies. */
const builtOf = ({ file, from, to }) => posix.join(to, relative(from, file)).replace(/\.ts$/, '.js');

async function bundle(sources) {
  const esbuild = await import('esbuild');
  const code = sources.filter(({ file }) => file.endsWith('.ts'));
  const places = new Map(code.map((source) => [join(root, source.file), builtOf(source)]));
  const { outputFiles } = await esbuild.build({
    entryPoints: code
      .filter(({ file }) => ENTRIES.some((entry) => entry.test(file)))
      .map((source) => ({ in: source.file, out: builtOf(source).replace(/\.js$/, '') })),
    absWorkingDir: root,
    outdir: root,
    chunkNames: `${CHUNKS}/[hash]`,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@trunkline/source'],
    external: [...LEFT_OUT, ...TOOLS],
    // For the CommonJS among the packages taken in.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    logLevel: 'warning',
    plugins: [{ name: 'addresses of sources', setup: (pipeline) => markAddresses(pipeline, places) }],
  });
  const made = outputFiles.map(({ path, text }) => ({ path, text: withAddresses(text, relative(root, path)) }));
  // Entries last: what one of them names is there by then.
  const entries = new Set(places.values());
  const isEntry = ({ path }) => entries.has(relative(root, path));
  for (const group of [made.filter((one) => !isEntry(one)), made.filter(isEntry)])
    await Promise.all(group.map(({ path, text }) => whole(path, (partial) => writeFile(partial, text))));
  return made.map(({ path }) => relative(root, path));
}

/** In a chunk `import.meta.url` would be the chunk's: what finds its threads and files by it is given its own built place. */
function markAddresses(pipeline, places) {
  pipeline.onLoad({ filter: /\.ts$/ }, ({ path }) => {
    const place = places.get(path);
    const text = place && readFileSync(path, 'utf8');
    if (!text?.includes('import.meta.url')) return undefined;
    return { contents: text.replaceAll('import.meta.url', `ADDRESS_OF['${place}']`), loader: 'ts' };
  });
}

function withAddresses(text, file) {
  return text.replace(/ADDRESS_OF\[["']([^"']+)["']\]/g, (_, place) => {
    const way = posix.relative(posix.dirname(file), place);
    return `new URL(${JSON.stringify(way.startsWith('.') ? way : `./${way}`)}, import.meta.url).href`;
  });
}

/** What the dashboard serves as it is. */
async function copyPages(sources) {
  const pages = sources.filter(({ file }) => !file.endsWith('.ts'));
  await Promise.all(
    pages.map((page) => whole(join(root, builtOf(page)), (partial) => copyFile(join(root, page.file), partial))),
  );
  return pages.map(builtOf);
}

const PARTIAL = '.partial';

async function whole(target, write) {
  const partial = `${target}.${process.pid}${PARTIAL}`;
  await mkdir(dirname(target), { recursive: true });
  await write(partial);
  await rename(partial, target);
}

function stampBefore() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    // Never built, or by an earlier way of building.
    return undefined;
  }
}

function stateOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

async function clearUp(kept) {
  for (const folder of [CHUNKS, ...PACKAGES.map(({ to }) => to)]) {
    for (const name of filesOf(folder, /./)) {
      const file = join(folder, name);
      if (kept.has(file)) continue;
      const age = await stat(join(root, file)).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > KEPT_MS) await rm(join(root, file), { force: true });
    }
  }
}

/** Names relative to the folder of all that is built, without tests. */
function filesOf(folder, wanted = /(?<!\.d)\.(ts|js|css|html|wasm)$/) {
  const at = join(root, folder);
  if (!existsSync(at)) return [];
  const found = [];
  for (const entry of readdirSync(at, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      if (SKIPPED_FOLDERS.has(entry.name)) continue;
      for (const inner of filesOf(join(folder, entry.name), wanted)) found.push(join(entry.name, inner));
    } else if (wanted.test(entry.name) && !/\.test\.ts$/.test(entry.name)) found.push(entry.name);
  }
  return found;
}

/** vitest calls it before the first test. */
export async function setup() {
  await build();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const began = performance.now();
  const files = await build();
  process.stderr.write(`Built ${files} files in ${((performance.now() - began) / 1000).toFixed(1)} s.\n`);
}
