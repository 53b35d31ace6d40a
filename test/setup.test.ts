import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errors } from '@trunkline/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const native = 'node_modules/@tensorflow/tfjs-node-gpu';
const addon = `${native}/lib/napi-v8/tfjs_binding.node`;
/** An address where nothing listens: the package's own installer must not reach its file host from a test. */
const nowhere = { TFJS_NODE_BASE_URI: 'http://127.0.0.1:9/' };

let folder: string;
let clone: string;
let cache: string;

/** A clone of its own, so that no test touches the addon that others train with: the packages are linked, this one is copied. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-setup-'));
  clone = join(folder, 'clone');
  await mkdir(join(clone, 'node_modules/@tensorflow'), { recursive: true });
  for (const name of ['setup.mjs', 'package.json', 'package-lock.json', 'libs']) {
    await cp(join(root, name), join(clone, name), { recursive: true });
  }
  const link = (name: string) => symlink(join(root, 'node_modules', name), join(clone, 'node_modules', name));
  const own = new Set(['@tensorflow', '.trunkline-setup.json', '.cache', '.vite', '.vite-temp', '.vitest']);
  for (const name of readdirSync(join(root, 'node_modules'))) if (!own.has(name)) await link(name);
  for (const name of readdirSync(join(root, 'node_modules/@tensorflow'))) {
    if (name !== 'tfjs-node-gpu') await link(`@tensorflow/${name}`);
  }
  await cp(join(root, native), join(clone, native), {
    recursive: true,
    filter: (path) => !/tfjs-node-gpu[\\/](lib|deps)$/.test(path),
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  await rm(join(clone, 'node_modules/.trunkline-setup.json'), { force: true });
  cache = await mkdtemp(join(folder, 'cache-'));
});

/** A PATH with these programs alone; a text is the body of a shell script. */
async function pathOf(programs: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(folder, 'path-'));
  for (const [name, body] of Object.entries(programs)) {
    await writeFile(join(path, name), `#!/bin/sh\n${body}\n`);
    await chmod(join(path, name), 0o755);
  }
  return path;
}

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
  seconds: number;
}

async function setUp(env: NodeJS.ProcessEnv, nodeOptions: string[] = []): Promise<Ended> {
  const started = performance.now();
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...nodeOptions, join(clone, 'setup.mjs')],
      { env: { ...process.env, XDG_CACHE_HOME: cache, ...nowhere, ...env }, timeout: 60_000 },
      (error, stdout, stderr) =>
        resolve({
          code: error ? Number(error.code ?? -1) : 0,
          stdout,
          stderr,
          seconds: (performance.now() - started) / 1000,
        }),
    );
  });
}

it('says in one sentence that Node is too old, and ends with 2', async () => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })`;
  const { code, stdout, stderr } = await setUp({}, ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`]);
  const { message, hint, exit } = errors.NODE_TOO_OLD;
  expect({ code, stdout, stderr }).toEqual({
    code: exit,
    stdout: '',
    stderr: `${message.replace('{found}', '18.20.4')} ${hint}\n`,
  });
});

it('keeps what an old Node must read free of newer syntax', async () => {
  for (const name of ['setup.mjs', 'libs/model/native/node-version.mjs']) {
    const text = await readFile(join(clone, name), 'utf8');
    expect(text).not.toMatch(/\?\?|\?\.\w|\|\|=|from 'node:|^await |\.at\(|#\w+\s*[=(]/m);
  }
});

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('on Linux x64', () => {
  it('without a compiler ends well and names the remedy, the second time within a second', async () => {
    const env = { PATH: await pathOf({ python3: 'exit 9' }) };
    const first = await setUp(env);
    expect(first.code).toBe(0);
    expect(first.stdout).toBe('');
    expect(first.stderr.trim().split('\n').at(-1)).toMatch(
      /^Backend: wasm, and cpu .* no C\+\+ compiler \(c\+\+, g\+\+ or clang\+\+\) on the PATH\. Install one .* run `node setup\.mjs` again\.$/,
    );
    expect(existsSync(join(clone, addon))).toBe(false);
    const second = await setUp({ ...env, npm_lifecycle_event: 'start' });
    expect(second.stderr.trim()).toBe(first.stderr.trim().split('\n').at(-1));
    expect(second.seconds).toBeLessThan(1);
    // Called by hand it tries again: the person may have followed the remedy.
    expect((await setUp({ ...env, npm_lifecycle_event: undefined })).stderr).toContain('Setting up');
  });

  it('without pip fetches nothing and says so', async () => {
    const { code, stderr } = await setUp({ PATH: await pathOf({ 'c++': 'exit 9' }) });
    expect(code).toBe(0);
    expect(stderr).toMatch(/missing: there is no pip\. Install Python 3 with pip/);
  });

  it('refuses a wheel with another SHA-256, keeps nothing of it, and goes on without', async () => {
    // The name is the last argument and the folder the one before it.
    const fake = `while [ $# -gt 2 ]; do shift; done; echo other > "$1/tensorflow_cpu-2.21.0-cp311-cp311-any.whl"`;
    const { code, stderr } = await setUp({ PATH: await pathOf({ python3: fake, 'c++': 'exit 9' }) });
    expect(code).toBe(0);
    expect(stderr).toMatch(/missing: the file of tensorflow-cpu 2\.21\.0 has SHA-256 [0-9a-f]{64}, expected 2b847d21/);
    const left = (await readdir(cache, { recursive: true })).filter((name) => /whl|\.so/.test(name));
    expect(left).toEqual([]);
  });

  it('interrupted while fetching, ends what it started, gives its lock back and can be run again', async () => {
    const path = await pathOf({ python3: 'echo $$ > "$TMPDIR/../../pid"; exec /bin/sleep 300', 'c++': 'exit 9' });
    const env = { ...process.env, XDG_CACHE_HOME: cache, ...nowhere, PATH: path };
    const child = spawn(process.execPath, [join(clone, 'setup.mjs')], { env, stdio: 'ignore' });
    const ended = once(child, 'exit');
    const pidFile = join(cache, 'trunkline/pid');
    await expect.poll(() => existsSync(pidFile), { timeout: 18_000 }).toBe(true);
    const pid = Number(await readFile(pidFile, 'utf8'));
    expect(existsSync(join(cache, 'trunkline/setup.lock'))).toBe(true);
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 5_000 }).toBe(false);
    expect(existsSync(join(cache, 'trunkline/setup.lock'))).toBe(false);
    expect((await setUp({ PATH: await pathOf({}) })).code).toBe(0);
  });

  it('with TRUNKLINE_NATIVE=off asks neither for pip nor for a compiler', async () => {
    const { code, stderr } = await setUp({ PATH: await pathOf({}), TRUNKLINE_NATIVE: 'off' });
    expect(code).toBe(0);
    expect(stderr).toMatch(/Backend: wasm.*switched off by TRUNKLINE_NATIVE\./);
  });

  it.skipIf(!existsSync(join(root, addon)))(
    'takes library and addon from the cache, trains a step, and does nothing the second time, within a second',
    async () => {
      const env = { PATH: dirname(process.execPath) + delimiter + (process.env.PATH ?? '') };
      const own = { ...env, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };
      const first = await setUp(own);
      expect(first.code).toBe(0);
      expect(first.stderr).toMatch(/load it and train one step[^]*Backend: native \(TensorFlow /);
      const second = await setUp(own);
      expect(second.stderr).toMatch(/^Backend: native \(TensorFlow [^\n]*\n$/);
      expect(second.seconds).toBeLessThan(1);
      // A clone whose addon is gone is set up again.
      await rm(join(clone, addon));
      expect((await setUp(own)).stderr).toContain('load it and train one step');
      expect(existsSync(join(clone, addon))).toBe(true);
    },
  );
});
