import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { folderBytes, freeBytes, readRecord, writeRecord } from './cache.mjs';
import { runChild } from './run-child.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { unpack } from './zip.mjs';

const DONE = 'library.json';
const MB = 1e6;

/** Of the C++ headers in the wheel only what the addon includes; of the CUDA wheels only what the loader may open. */
const WANTED = [
  /^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/,
  /^tensorflow\/include\/tensorflow\/c\/.*\.h$/,
  /^tensorflow\/include\/(tensorflow\/core|tsl|xla\/tsl)\/platform\/ctstring[^/]*\.h$/,
  /^tensorflow\/include\/xla\/tsl\/c\/.*\.h$/,
  /^nvidia\/[^/]+\/lib\/[^/]+\.so[.\d]*$/,
  /^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/.*)$/,
  /\.dist-info\/(.*\/)?(LICENSE|License|METADATA)[^/]*$/,
];

/** Where a build of the library lies in the cache. @param {string} cache @param {import('./pinned.mjs').Build} build */
export function libraryFolder(cache, build) {
  const [{ version }] = build.wheels;
  return join(cache, `tensorflow-${version}-${build.flavour}-${process.platform}-${process.arch}`);
}

/** Whether the build is in the cache whole and of the pinned wheels. @param {string} cache @param {import('./pinned.mjs').Build} build */
export async function hasLibrary(cache, build) {
  const record = await readRecord(join(libraryFolder(cache, build), DONE));
  return record?.wheels?.join() === build.wheels.map(({ sha256 }) => sha256).join();
}

/**
 * Brings a build of libtensorflow into the cache: each wheel fetched by pip, its SHA-256 verified, the needed members
 * unpacked, the wheel deleted. An interrupted one goes on with the wheels that are missing; the folder gets its final name
 * when all are there.
 *
 * @param {string} cache
 * @param {import('./pinned.mjs').Build} build
 * @param {{ pip: string[], env: NodeJS.ProcessEnv, stage: ReturnType<typeof import('./progress.mjs').createProgress>['stage'] }} means
 * @returns {Promise<string>} the library's folder; raises SetupFailure
 */
export async function provideLibrary(cache, build, { pip, env, stage }) {
  const folder = libraryFolder(cache, build);
  if (await hasLibrary(cache, build)) return folder;
  const partial = `${folder}.partial`;
  await mkdir(partial, { recursive: true });
  const done = new Set((await readRecord(join(partial, DONE)))?.wheels ?? []);
  const missing = build.wheels.filter(({ sha256 }) => !done.has(sha256));
  await needSpace(cache, build, missing);
  for (const wheel of missing) {
    const fetched = join(cache, 'fetch');
    await rm(fetched, { recursive: true, force: true });
    await mkdir(join(fetched, 'temporary'), { recursive: true });
    try {
      const file = await stage(`fetch ${wheel.name} ${wheel.version}`, (note) =>
        fetchWheel(wheel, fetched, { pip, env, note }),
      );
      await stage(`verify and unpack ${wheel.name}`, async () => {
        await verifyWheel(file, wheel);
        const names = await unpack(file, partial, { wanted: (name) => WANTED.some((pattern) => pattern.test(name)) });
        for (const name of names) if (name.endsWith('/ptxas')) await chmod(join(partial, name), 0o755);
      });
    } finally {
      await rm(fetched, { recursive: true, force: true });
    }
    done.add(wheel.sha256);
    await writeRecord(join(partial, DONE), { wheels: [...done] });
  }
  await writeRecord(join(partial, DONE), { wheels: build.wheels.map(({ sha256 }) => sha256) });
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return folder;
}

async function needSpace(cache, build, missing) {
  const needed = build.unpackedBytes + Math.max(0, ...missing.map(({ bytes }) => bytes)) * 2;
  const free = await freeBytes(cache);
  if (free >= needed) return;
  throw new SetupFailure(
    `${Math.round(free / MB)} MB are free at ${cache}, ${Math.round(needed / MB)} MB are needed`,
    'Free some space, or set XDG_CACHE_HOME to a folder on another disk.',
  );
}

async function fetchWheel(wheel, folder, { pip, env, note }) {
  const name = `${wheel.name}==${wheel.version}`;
  const command = [
    ...pip, 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--no-input', '--disable-pip-version-check',
    '--progress-bar', 'off', '--retries', '2', '--timeout', '30', '--implementation', 'cp', '--python-version', '311',
    '--platform', wheel.platform, '--dest', folder, name,
  ]; // prettier-ignore
  const temporary = join(folder, 'temporary');
  const result = await runChild(command, {
    // pip writes the file there as it arrives: seen as progress, and swept away after an interruption.
    env: { ...env, TMPDIR: temporary, TEMP: temporary, PYTHONUNBUFFERED: '1' },
    limitMs: 3_600_000,
    quietMs: 120_000,
    measure: async () => {
      const bytes = await folderBytes(folder);
      note(`${Math.round(bytes / MB)} of ${Math.round(wheel.bytes / MB)} MB`);
      return bytes;
    },
  });
  const file = (await readdir(folder)).find((entry) => entry.endsWith('.whl'));
  if (result.ok && file) return join(folder, file);
  if (/No module named pip/.test(result.stderr)) throw noPip();
  const reason = result.stopped || lastError(result.stderr) || 'no reason given';
  throw new SetupFailure(
    `pip could not fetch ${name} (${reason})`,
    'Check the network and the package index that pip is set to use.',
  );
}

/** pip is missing. */
export const noPip = () =>
  new SetupFailure('there is no pip', 'Install Python 3 with pip (for example `apt install python3-pip`).');

function lastError(stderr) {
  const lines = stderr.split('\n').map((line) => line.trim());
  const line = lines.filter((text) => text.startsWith('ERROR')).at(-1) ?? lines.filter(Boolean).at(-1) ?? '';
  return line.replace(/^ERROR: /, '').slice(0, 160);
}

/**
 * Refuses a file whose SHA-256 is not the pinned one.
 * @param {string} file
 * @param {{ name: string, version: string, sha256: string }} wheel
 */
export async function verifyWheel(file, wheel) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  const found = hash.digest('hex');
  if (found === wheel.sha256) return;
  throw new SetupFailure(
    `the file of ${wheel.name} ${wheel.version} has SHA-256 ${found}, expected ${wheel.sha256}`,
    'It was damaged or replaced on the way and was deleted: check the package index that pip is set to use.',
  );
}
