import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { cacheFolder, readRecord, writeRecord } from './cache.mjs';
import { dependencyDigest, installJavaScript, isInstalled } from './javascript.mjs';
import { provideNative } from './native.mjs';
import { nvidiaDriver } from './programs.mjs';
import { createProgress } from './progress.mjs';
import { endChildren } from './run-child.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { takeLock } from './setup-lock.mjs';
import { addonBytes, attemptKey, nativeHolds, nativeKey, stampPath } from './stamp.mjs';

const USAGE =
  'Usage: node setup.mjs [--again]   --again provides the native backend anew; TRUNKLINE_NATIVE=off leaves it out.';

/**
 * Sets a clone up: JavaScript dependencies, then the native backend. Talks on stderr only. Doing it again costs a glance at
 * a stamp file when nothing has changed.
 * @param {URL} rootUrl of the clone
 * @param {string[]} options of the command line
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} exit code: 0 also when only wasm and cpu are there, 1 without JavaScript dependencies, 2 usage
 */
export async function setUp(rootUrl, options, env) {
  const root = fileURLToPath(rootUrl);
  const progress = createProgress(process.stderr);
  const unknown = options.find((option) => option !== '--again');
  if (unknown !== undefined) {
    progress.say(`Unknown option ${unknown}. ${USAGE}`);
    return 2;
  }
  const means = { root, env, progress, off: env.TRUNKLINE_NATIVE === 'off', gpu: nvidiaDriver() };
  if (!options.includes('--again')) {
    const stamp = await readRecord(stampPath(root));
    if (stamp && (await holds(stamp, means))) {
      progress.say(summary(stamp.native, means.off));
      return 0;
    }
  }
  return setUpAlone(means, options.includes('--again'));
}

async function setUpAlone(means, again) {
  const { root, env, progress } = means;
  const started = performance.now();
  const cache = cacheFolder(root, env);
  const release = await takeLock(cache, (pid) =>
    progress.say(`Another set-up (process ${pid}) is at work: waiting for it.`),
  );
  const interrupt = (signal) => {
    endChildren();
    void release().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    progress.say('Setting up Trunkline');
    const javascript = await dependencyDigest(root);
    const before = await readRecord(stampPath(root));
    if (before?.javascript !== javascript && !(await isInstalled(root))) {
      await rm(stampPath(root), { force: true });
      await progress.stage('JavaScript dependencies', (note) => installJavaScript({ root, env, note }));
    }
    const native = await nativePart({ ...means, cache }, again ? undefined : before?.native);
    await writeRecord(stampPath(root), { javascript, native });
    progress.say(`Set up in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
    progress.say(summary(native, means.off));
    return 0;
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    progress.say(`${capital(error.message)}. ${error.remedy}`);
    return 1;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await release();
  }
}

async function nativePart(means, before) {
  const { root, env, gpu, off } = means;
  if (off || nativeHolds(before, means)) return before;
  const native = await provideNative(means);
  return {
    key: nativeKey(root, env, gpu),
    attempt: attemptKey(env),
    at: Date.now(),
    addonBytes: addonBytes(root),
    ...native,
  };
}

async function holds(stamp, means) {
  if (stamp.javascript !== (await dependencyDigest(means.root))) return false;
  return means.off || nativeHolds(stamp.native, means);
}

/** The one line that says which backend will be used. */
function summary(native, off) {
  const instead = 'Backend: wasm, and cpu for convolutional trunks (much slower).';
  if (off) return `${instead} The native one is switched off by TRUNKLINE_NATIVE.`;
  if (!native.ok)
    return `${instead} The native one is missing: ${native.missing}. ${native.remedy} Then run \`node setup.mjs\` again.`;
  return `Backend: native (${native.library}, on the ${native.device.toUpperCase()}).`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
