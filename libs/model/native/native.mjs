import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addonPath, buildAddon, cachedAddon, hasAddon, installAddon, packageFolder } from './addon.mjs';
import { hasLibrary, libraryFolder, noPip, provideLibrary } from './library.mjs';
import { officialInstall } from './official.mjs';
import { BUILDS, wheelsFit } from './pinned.mjs';
import { findCompiler, findPip } from './programs.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { verifyNative } from './verify.mjs';

/**
 * @typedef {object} Means what provisioning works with
 * @property {string} root of the clone
 * @property {string} cache the per-user folder
 * @property {NodeJS.ProcessEnv} env
 * @property {boolean} gpu whether an NVIDIA driver is loaded
 * @property {ReturnType<typeof import('./progress.mjs').createProgress>} progress
 *
 * @typedef {{ ok: true, route: string, folder: string, library: string, device: 'gpu' | 'cpu' }} Provided
 * @typedef {{ ok: false, missing: string, remedy: string }} Missing
 */

/**
 * Provides the native backend: libtensorflow from its wheel with the addon compiled here, the CUDA build first when there is
 * an NVIDIA GPU; else the package's own installer. What counts is that it loads and trains a step. Never throws: what is
 * missing is an answer, since the other backends serve without it.
 * @param {Means} means
 * @returns {Promise<Provided | Missing>}
 */
export async function provideNative(means) {
  const { root, env, gpu, progress } = means;
  const routes = [];
  if (wheelsFit()) {
    for (const build of gpu ? [BUILDS.cuda, BUILDS.cpu] : [BUILDS.cpu]) routes.push(() => fromWheel(means, build));
  } else {
    routes.push(() => {
      throw new SetupFailure(
        `no TensorFlow wheel fits ${process.platform} on ${process.arch}`,
        'Use Linux on x64 with glibc 2.27 or newer, where the native backend is tested.',
      );
    });
  }
  routes.push(async () => {
    await progress.stage("the package's own installer", (note) => officialInstall({ root, gpu, env, note }));
    return { route: 'installer', folder: join(packageFolder(root), 'deps'), ...(await verify(means)) };
  });
  const failures = [];
  for (const route of routes) {
    try {
      return { ok: true, ...(await route()) };
    } catch (error) {
      await rm(addonPath(root), { force: true });
      failures.push(error);
      progress.say(`  ${error.message}`);
    }
  }
  // The first route is the one worth repairing.
  const [first] = failures;
  return {
    ok: false,
    missing: first.message,
    remedy: first.remedy ?? 'This is a defect of the set-up: please report it.',
  };
}

async function fromWheel(means, build) {
  const { root, cache, env, progress } = means;
  const { version } = JSON.parse(readFileSync(join(packageFolder(root), 'package.json'), 'utf8'));
  const folder = libraryFolder(cache, build);
  const [library, addon] = await Promise.all([hasLibrary(cache, build), hasAddon(folder, version)]);
  // Asked before anything is fetched: a large download that cannot be used is worse than none.
  const compiler = findCompiler(env);
  if (!addon && !compiler) {
    throw new SetupFailure(
      'there is no C++ compiler (c++, g++ or clang++) on the PATH',
      'Install one (for example `apt install g++`).',
    );
  }
  const pip = findPip(env);
  if (!library && !pip) throw noPip();
  if (!library) await provideLibrary(cache, build, { pip, env, stage: progress.stage });
  if (!addon) {
    await progress.stage('compile the addon', () => buildAddon({ root, library: folder, version, compiler, env }));
  }
  await installAddon(root, folder, version);
  try {
    const verified = await verify(means);
    if (build.flavour === 'cuda' && verified.device === 'cpu') {
      progress.say(
        '  An NVIDIA driver is loaded, but TensorFlow finds no GPU that it can use: the driver may be older than CUDA 12.',
      );
    }
    return { route: `wheel-${build.flavour}`, folder, ...verified };
  } catch (error) {
    await rm(cachedAddon(folder, version), { recursive: true, force: true });
    if (error instanceof SetupFailure) error.remedy = `Delete ${folder} to have it fetched anew. ${error.remedy}`;
    throw error;
  }
}

const verify = ({ root, env, progress }) =>
  progress.stage('load it and train one step', () => verifyNative({ root, env }));
