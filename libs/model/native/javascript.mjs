import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readRecord } from './cache.mjs';
import { runChild } from './run-child.mjs';
import { SetupFailure } from './setup-failure.mjs';

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies'];

/**
 * What the dependencies of this clone are: a digest of the lock file and of what each package.json asks for. Equal digests
 * mean that npm has nothing to do.
 * @param {string} root
 */
export async function dependencyDigest(root) {
  const hash = createHash('sha256').update(await readFile(join(root, 'package-lock.json')));
  for (const [place, asked] of Object.entries(await askedFor(root))) hash.update(JSON.stringify([place, asked]));
  return hash.digest('hex');
}

/**
 * Whether node_modules already holds exactly what the lock file says, e.g. because npm was run by hand. Entries of other
 * platforms may be missing.
 * @param {string} root
 */
export async function isInstalled(root) {
  const locked = (await readRecord(join(root, 'package-lock.json')))?.packages;
  const present = (await readRecord(join(root, 'node_modules', '.package-lock.json')))?.packages;
  if (!locked || !present) return false;
  for (const [place, asked] of Object.entries(await askedFor(root))) {
    for (const kind of KINDS) if (!sameRecord(asked[kind], locked[place]?.[kind])) return false;
  }
  return Object.entries(locked).every(([place, entry]) => {
    if (!place.startsWith('node_modules/') && !place.includes('/node_modules/')) return true;
    const found = present[place];
    if (!found) return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return entry.link === true || found.version === entry.version;
  });
}

/**
 * Installs the JavaScript dependencies: `npm ci`, and where npm refuses the lock file alone (registry views differ in the
 * packages of other platforms) `npm install --no-save`, which keeps the locked versions and leaves the lock file as it is.
 * @param {{ root: string, env: NodeJS.ProcessEnv, note: (text: string) => void }} means
 */
export async function installJavaScript({ root, env, note }) {
  const npm = npmCommand(env);
  const run = (...args) => {
    note(`npm ${args.join(' ')}`);
    return runChild([...npm, ...args, '--no-progress'], { cwd: root, env, limitMs: 1_800_000, quietMs: 600_000 });
  };
  let result = await run('ci');
  if (!result.ok && /EUSAGE|from lock file|in sync/.test(result.stderr)) result = await run('install', '--no-save');
  if (result.ok) return;
  const reason = result.stopped || result.stderr.match(/npm (?:error|ERR!) (?!code)(.*)/)?.[1] || 'no reason given';
  throw new SetupFailure(
    `npm could not install the JavaScript dependencies (${reason.slice(0, 200)})`,
    'Check the network and the registry that npm is set to use, then run `node setup.mjs` again.',
  );
}

/** npm as a script run by this very Node, which needs no shell on any system; the one on the PATH where it is not found. */
function npmCommand(env) {
  const folder = dirname(process.execPath);
  const script = [
    /npm-cli\.c?js$/.test(env.npm_execpath ?? '') ? env.npm_execpath : '',
    join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ].find((path) => path && existsSync(path));
  return script ? [process.execPath, script] : ['npm'];
}

/** The dependency blocks of the root's and each workspace's package.json, keyed as the lock file keys them. */
async function askedFor(root) {
  const description = await readRecord(join(root, 'package.json'));
  const asked = { '': pickKinds(description) };
  for (const pattern of description?.workspaces ?? []) {
    for (const place of await placesOf(root, pattern)) {
      const workspace = await readRecord(join(root, place, 'package.json'));
      if (workspace) asked[place] = pickKinds(workspace);
    }
  }
  return asked;
}

async function placesOf(root, pattern) {
  if (!pattern.endsWith('/*')) return [pattern];
  const parent = pattern.slice(0, -2);
  const entries = await readdir(join(root, parent), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${parent}/${name}`)
    .sort();
}

const pickKinds = (description) => Object.fromEntries(KINDS.map((kind) => [kind, description?.[kind] ?? {}]));

function sameRecord(left = {}, right = {}) {
  const sorted = (record) => JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(left) === sorted(right);
}
