import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { spawnSync } from 'node:child_process';
import { access, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nativePackage } from './setup-record.ts';

/** The set-up is plain JavaScript without types. */
const load = async <T>(name: string) => (await import(new URL(`../native/${name}.mjs`, import.meta.url).href)) as T;
const { unpack } = await load<{
  unpack: (archive: string, folder: string, options: { wanted: (name: string) => boolean }) => Promise<string[]>;
}>('zip');
const { verifyWheel } = await load<{
  verifyWheel: (file: string, wheel: { name: string; version: string; sha256: string }) => Promise<void>;
}>('library');
const { takeLock } = await load<{
  takeLock: (folder: string, waiting: (holder: number) => void) => Promise<() => Promise<void>>;
}>('setup-lock');
const { officialInstall } = await load<{
  officialInstall: (means: object) => Promise<void>;
}>('official');

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'trunkline-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

it('unpacks the wanted members of an archive written by fflate, byte for byte', async () => {
  const big = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) >>> 7);
  const archive = join(folder, 'a.zip');
  await writeFile(
    archive,
    zipSync({ 'keep/big.bin': big, 'keep/stored.bin': [big.subarray(0, 9), { level: 0 }], 'other/x': big }),
  );
  const names = await unpack(archive, folder, { wanted: (name) => name.startsWith('keep/') });
  expect(names.sort()).toEqual(['keep/big.bin', 'keep/stored.bin']);
  expect(Buffer.compare(await readFile(join(folder, 'keep/big.bin')), big)).toBe(0);
  expect([...(await readFile(join(folder, 'keep/stored.bin')))]).toEqual([...big.subarray(0, 9)]);
  await expect(access(join(folder, 'other'))).rejects.toThrow();
});

it('reads zip64 records', async () => {
  // Written by Python 3.11's zipfile with ZIP64_LIMIT = 8, so that every size and offset past 8 stands in a zip64 field.
  const golden =
    'UEsDBC0AAAAIAAAAIQDvCf0z//////////8JABQAYS9vbmUudHh0AQAQAFAAAAAAAAAACQAAAAAAAADLz0tVyKciBgBQSwMEFAAAAAgAAAAhAGaKyhEF' +
    'AAAAAwAAAAkAAABiL3R3by50eHQrKc8HAFBLAQItAy0AAAAIAAAAIQDvCf0z//////////8JABQAAAAAAAAAAACAAQAAAABhL29uZS50eHQBABAAUAAA' +
    'AAAAAAAJAAAAAAAAAFBLAQItAy0AAAAIAAAAIQBmisoRBQAAAAMAAAAJAAwAAAAAAAAAAACAAf////9iL3R3by50eHQBAAgARAAAAAAAAABQSwYGLAAA' +
    'AAAAAAAtAC0AAAAAAAAAAAACAAAAAAAAAAIAAAAAAAAAjgAAAAAAAABwAAAAAAAAAFBLBgcAAAAA/gAAAAAAAAABAAAAUEsFBgAAAAACAAIAjgAAAHAA' +
    'AAAAAA==';
  const archive = join(folder, 'a.zip');
  await writeFile(archive, Buffer.from(golden, 'base64'));
  await unpack(archive, folder, { wanted: () => true });
  expect(await readFile(join(folder, 'a/one.txt'), 'utf8')).toBe('one '.repeat(20));
  expect(await readFile(join(folder, 'b/two.txt'), 'utf8')).toBe('two');
});

it.each([
  ['a member that would leave the folder', { '../out': new Uint8Array(3) }, /unsafe path/],
  ['an absolute member', { '/out': new Uint8Array(3) }, /unsafe path/],
])('refuses %s', async (_what, members, message) => {
  const archive = join(folder, 'a.zip');
  await writeFile(archive, zipSync(members));
  await expect(unpack(archive, join(folder, 'in'), { wanted: () => true })).rejects.toThrow(message);
});

it('refuses an archive that ends too early', async () => {
  const archive = join(folder, 'a.zip');
  const bytes = zipSync({ a: new Uint8Array(1000) });
  await writeFile(archive, bytes.subarray(0, bytes.length - 30));
  await expect(unpack(archive, folder, { wanted: () => true })).rejects.toThrow(/not a zip archive/);
});

it('refuses a wheel with another SHA-256, naming both', async () => {
  const file = join(folder, 'a.whl');
  await writeFile(file, 'abc');
  // FIPS 180-2, appendix B.1: the digest of "abc".
  const right = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  const wrong = right.replace('b', 'c');
  await verifyWheel(file, { name: 'x', version: '1', sha256: right });
  await expect(verifyWheel(file, { name: 'x', version: '1', sha256: wrong })).rejects.toThrow(
    `has SHA-256 ${right}, expected ${wrong}`,
  );
});

it('lets the second of two set-ups wait for the first', async () => {
  const order: string[] = [];
  const release = await takeLock(folder, () => order.push('first waits'));
  const second = takeLock(folder, (pid) => order.push(`second waits for ${pid}`)).then((give) => {
    order.push('second works');
    return give();
  });
  await new Promise((resolve) => setTimeout(resolve, 40));
  order.push('first done');
  await release();
  await second;
  expect(order).toEqual([`second waits for ${process.pid}`, 'first done', 'second works']);
  expect(await readdir(folder)).toEqual([]);
});

it('breaks the lock of a process that is gone', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const { hostname } = await import('node:os');
  await writeFile(join(folder, 'setup.lock'), JSON.stringify({ pid, host: hostname() }));
  const release = await takeLock(folder, () => expect.unreachable('waited for a dead process'));
  await release();
});

it("ends the package's own installer when its file host never answers, and leaves the package as it was", async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  try {
    const own = join(folder, 'node_modules/@tensorflow/tfjs-node-gpu');
    await mkdir(own, { recursive: true });
    for (const part of ['package.json', 'scripts'])
      await cp(join(nativePackage()!, part), join(own, part), { recursive: true });
    // The installer's own dependencies are found where this package finds them.
    const modules = join(nativePackage()!, '..', '..');
    const before = await readFile(join(own, 'package.json'), 'utf8');
    const { port } = silent.address() as AddressInfo;
    const install = officialInstall({
      root: folder,
      gpu: false,
      env: { ...process.env, NODE_PATH: modules, TFJS_NODE_BASE_URI: `http://127.0.0.1:${port}/` },
      note: () => {},
      quietMs: 1_500,
    });
    await expect(install).rejects.toThrow(/own installer did not succeed \(nothing happened for 2 s\)/);
    expect(await readFile(join(own, 'package.json'), 'utf8')).toBe(before);
  } finally {
    silent.close();
  }
});
