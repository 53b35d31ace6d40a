import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readRecord, writeRecord } from './cache.mjs';
import { runChild } from './run-child.mjs';
import { SetupFailure } from './setup-failure.mjs';

const NAPI = 8;
/** Raised when the way of building changes: an addon of another number is built anew. */
export const BUILD = 2;

/** Folder of the package whose addon this is. @param {string} root of the clone */
export const packageFolder = (root) => join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu');

/** Where the package looks for its addon. @param {string} root of the clone */
export const addonPath = (root) => join(packageFolder(root), 'lib', `napi-v${NAPI}`, 'tfjs_binding.node');

/** Where the addon for a library lies in the cache. @param {string} library its folder @param {string} version of tfjs-node-gpu */
export const cachedAddon = (library, version) => `${library}-tfjs-${version}-napi${NAPI}`;

/** Whether the cache holds this addon, linked to the library where it lies now. @param {string} library @param {string} version */
export async function hasAddon(library, version) {
  const folder = cachedAddon(library, version);
  const record = await readRecord(join(folder, 'addon.json'));
  return record?.library === library && record.build === BUILD && existsSync(join(folder, 'tfjs_binding.node'));
}

/**
 * Compiles the package's N-API addon against the library, through TensorFlow's C API, which has been stable since 2.x; the
 * headers of Node come from node-api-headers, so neither node-gyp nor Node's sources are needed.
 * @param {{ root: string, library: string, version: string, compiler: string, env: NodeJS.ProcessEnv }} means
 */
export async function buildAddon({ root, library, version, compiler, env }) {
  const folder = cachedAddon(library, version);
  await mkdir(folder, { recursive: true });
  const source = join(packageFolder(root), 'binding');
  const libraries = join(library, 'tensorflow');
  const output = join(folder, `building.${process.pid}`);
  const result = await runChild(
    [
      compiler, '-O2', '-w', '-std=c++17', '-shared', '-fPIC', `-DNAPI_VERSION=${NAPI}`,
      join(source, 'tfjs_backend.cc'), join(source, 'tfjs_binding.cc'),
      `-I${dirname(source)}`, `-I${join(libraries, 'include')}`, `-I${join(root, 'node_modules', 'node-api-headers', 'include')}`,
      `-L${libraries}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', `-Wl,-rpath,${libraries}`,
      // Node unloads an addon when the worker that loaded it ends; the library's threads are running then, and crash (measured).
      '-Wl,-z,nodelete', '-o', output,
    ], // prettier-ignore
    { env, limitMs: 600_000 },
  );
  if (!result.ok) {
    await rm(output, { force: true });
    const reason = result.stopped || result.stderr.split('\n').find((line) => /error/i.test(line)) || 'no reason given';
    throw new SetupFailure(
      `${compiler} could not compile the addon (${reason.trim().slice(0, 200)})`,
      'Install a C++ compiler that knows C++17 (g++ 9 or clang++ 10, or newer).',
    );
  }
  await rename(output, join(folder, 'tfjs_binding.node'));
  await writeRecord(join(folder, 'addon.json'), { library, build: BUILD });
}

/** Puts the addon of the cache into the clone. @param {string} root @param {string} library @param {string} version */
export async function installAddon(root, library, version) {
  const target = addonPath(root);
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}`;
  await copyFile(join(cachedAddon(library, version), 'tfjs_binding.node'), temporary);
  await rename(temporary, target);
}
