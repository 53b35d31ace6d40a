import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { addonPath, BUILD, packageFolder } from './addon.mjs';
import { TENSORFLOW } from './pinned.mjs';
import { findCompiler, findPip } from './programs.mjs';

const RETRY_MS = 3_600_000;

/** Where a finished set-up is recorded: in node_modules, so that deleting that folder forgets it. @param {string} root */
export const stampPath = (root) => join(root, 'node_modules', '.trunkline-setup.json');

/**
 * Everything that the choice of the native backend depends on; a change of it is a reason to provide it anew.
 * @param {string} root @param {NodeJS.ProcessEnv} env @param {boolean} gpu
 */
export function nativeKey(root, env, gpu) {
  const description = join(packageFolder(root), 'package.json');
  const version = existsSync(description) ? JSON.parse(readFileSync(description, 'utf8')).version : 'absent';
  return [
    version,
    BUILD,
    TENSORFLOW,
    process.platform,
    process.arch,
    gpu ? 'gpu' : 'cpu',
    env.XDG_CACHE_HOME ?? '',
  ].join(' ');
}

/** What a failure depended on besides: with another compiler or pip it is worth another try. @param {NodeJS.ProcessEnv} env */
export const attemptKey = (env) => [findCompiler(env), findPip(env)?.join(' ')].join('\n');

/** Size of the clone's addon in bytes, 0 when there is none. @param {string} root */
export function addonBytes(root) {
  return statSync(addonPath(root), { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Whether the native part of a stamp still holds: the same key; when provided, addon and library where they were; when
 * missing, the same tools, less than an hour ago (a network may have come back), and asked by npm on the way to something
 * else. Who calls the set-up itself has perhaps just repaired something.
 */
export function nativeHolds(native, { root, env, gpu }) {
  if (native?.key !== nativeKey(root, env, gpu)) return false;
  if (!native.ok)
    return (
      env.npm_lifecycle_event !== undefined && native.attempt === attemptKey(env) && Date.now() - native.at < RETRY_MS
    );
  const bytes = addonBytes(root);
  return bytes > 0 && bytes === native.addonBytes && statSync(native.folder, { throwIfNoEntry: false }) !== undefined;
}
