// Writes `dist/` of every package from its `src/` (of `test`, from the folder itself), file by file, as far as something changed.
// TypeScript read by a loader costs every process and every thread about a second; built once, it costs that once.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const PACKAGES = [
  { from: 'libs/protocol/src', to: 'libs/protocol/dist' },
  { from: 'libs/model/src', to: 'libs/model/dist' },
  { from: 'apps/coordinator/src', to: 'apps/coordinator/dist' },
  { from: 'apps/client/src', to: 'apps/client/dist' },
  { from: 'test', to: 'test/dist' },
];
const SKIPPED_FOLDERS = new Set(['dist', 'node_modules', 'fixtures', 'vectors', '__snapshots__']);

/**
 * Brings every `dist/` up to date; a glance at the files' times when nothing changed. Several may build at once: each file is
 * written whole or not at all.
 * @returns {Promise<number>} how many files were written
 */
export async function build() {
  const settings = (await stat(join(root, 'build.mjs'))).mtimeMs;
  const changed = [];
  for (const { from, to } of PACKAGES) {
    const kept = new Set();
    for (const file of await filesOf(join(root, from))) {
      const source = join(root, from, file);
      const target = join(root, to, file.replace(/\.ts$/, '.js'));
      kept.add(target);
      const [made, written] = await Promise.all([timeOf(target), timeOf(source)]);
      if (made < Math.max(written, settings)) changed.push({ source, target });
    }
    // What has no source any more must not be found by an import.
    for (const file of await filesOf(join(root, to), /./)) {
      const target = join(root, to, file);
      if (!kept.has(target) && !target.endsWith(PARTIAL)) await rm(target, { force: true });
    }
  }
  await Promise.all(changed.filter(({ source }) => !source.endsWith('.ts')).map(copy));
  const code = changed.filter(({ source }) => source.endsWith('.ts'));
  if (code.length > 0) await transpile(code);
  return changed.length;
}

async function transpile(files) {
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    entryPoints: files.map(({ source, target }) => ({
      in: source,
      out: target.slice(root.length).replace(/\.js$/, ''),
    })),
    outdir: root,
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    plugins: [{ name: 'each file by itself', setup: eachByItself }],
  });
  await Promise.all(
    outputFiles.map(async ({ path, contents }) => whole(path, (partial) => writeFile(partial, contents))),
  );
}

/** No file takes another one in: imports stay, only `.ts` becomes `.js`. */
function eachByItself(pipeline) {
  pipeline.onResolve({ filter: /.*/ }, ({ kind, path }) =>
    kind === 'entry-point' ? undefined : { path: path.replace(/^(\.{1,2}\/.*)\.ts$/, '$1.js'), external: true },
  );
}

const PARTIAL = '.partial';
const copy = ({ source, target }) => whole(target, (partial) => copyFile(source, partial));

async function whole(target, write) {
  const partial = `${target}.${process.pid}${PARTIAL}`;
  await mkdir(dirname(target), { recursive: true });
  await write(partial);
  await rename(partial, target);
}

const timeOf = (file) =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => -1,
  );

/** Names relative to the folder of all that is built, without tests. */
async function filesOf(folder, wanted = /(?<!\.d)\.(ts|js|css|html|wasm)$/) {
  if (!existsSync(folder)) return [];
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      if (SKIPPED_FOLDERS.has(entry.name)) continue;
      for (const inner of await filesOf(join(folder, entry.name), wanted)) found.push(join(entry.name, inner));
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
