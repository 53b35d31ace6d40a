import { on, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { assemble } from './chunk.ts';
import { isScattered, putScattered, sizeOf, type Scattered } from './scattered.ts';
import { leaveUnjoined, wholeOf } from './unjoined.ts';
import { limits } from '../limits.ts';

const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((one) => one.close()));

/** Two ends of a WebSocket on this machine; what `receiver` gets is left unjoined. */
async function pair(generateMask: (mask: Buffer) => void = (mask) => mask.fill(0)) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sender = new WebSocket(`ws://127.0.0.1:${port}`, { generateMask, perMessageDeflate: false });
  const [[receiver]] = (await Promise.all([once(server, 'connection'), once(sender, 'open')])) as [
    [WebSocket],
    unknown,
  ];
  open.push(sender, server);
  leaveUnjoined(receiver);
  const messages = on(receiver, 'message');
  const next = async () => ((await messages.next()).value as [Buffer, boolean])[0];
  return { sender, next };
}
const bytesOf = (whole: Scattered): Buffer => {
  const into = Buffer.alloc(sizeOf(whole));
  putScattered(into, whole, { from: 0, until: into.length, at: 0 });
  return into;
};

describe('a large binary frame', () => {
  // This fails where another version of ws keeps its buffers elsewhere: then frames are joined again, and uploads are slower.
  it('reaches its reader in the parts that came off the line, all of them in order', async () => {
    const { sender, next } = await pair();
    const sent = randomBytes(1_000_000);
    sender.send(sent);
    const whole = wholeOf(await next());
    expect(Array.isArray(whole)).toBe(true);
    expect(bytesOf(whole).equals(sent)).toBe(true);
  });

  it('is followed and preceded by others of any size, none of which loses a byte', async () => {
    const { sender, next } = await pair();
    const all = [1, 65_535, 65_536, 65_537, 300_000, 2, 131_072, 0, 999_999].map((size) => randomBytes(size));
    for (const sent of all) {
      sender.send(sent);
      expect(bytesOf(wholeOf(await next())).equals(sent)).toBe(true);
    }
  });

  it('arrives behind others that are on their way already', async () => {
    const { sender, next } = await pair();
    const all = [700_000, 3, 65_536, 500_001].map((size) => randomBytes(size));
    for (const sent of all) sender.send(sent);
    const found: Buffer[] = [];
    while (found.length < all.length) found.push(bytesOf(wholeOf(await next())));
    expect(found.map((bytes, i) => bytes.equals(all[i]!))).toEqual(all.map(() => true));
  });

  it('is joined where it is masked, in fragments, or text', async () => {
    const masked = await pair((mask) => mask.fill(0x5a));
    const sent = randomBytes(400_000);
    masked.sender.send(sent);
    const plain = wholeOf(await masked.next());
    expect([plain instanceof Uint8Array, bytesOf(plain).equals(sent)]).toEqual([true, true]);
    const { sender, next } = await pair();
    sender.send(sent.subarray(0, 150_000), { fin: false });
    sender.send(sent.subarray(150_000), { fin: true });
    expect((await next()).equals(sent)).toBe(true);
    sender.send('é'.repeat(100_000));
    expect((await next()).toString()).toBe('é'.repeat(100_000));
  });
});

it('is left alone where a WebSocket has no receiver that looks as expected', () => {
  for (const socket of [{}, { _receiver: {} }, { _receiver: { consume: () => undefined } }]) {
    const before = JSON.stringify(socket);
    leaveUnjoined(socket);
    expect(JSON.stringify(socket)).toBe(before);
  }
});

it('scattered bytes are put together as their join would be, from any place to any', () => {
  const parts = [3, 1, 70, 0, 26].map((size) => randomBytes(size));
  const joined = Buffer.concat(parts);
  for (let from = 0; from <= joined.length; from += 7) {
    for (let until = from; until <= joined.length; until += 5) {
      const into = Buffer.alloc(110, 9);
      putScattered(into, parts, { from, until, at: 4 });
      const expected = Buffer.alloc(110, 9);
      joined.copy(expected, 4, from, until);
      expect(into.equals(expected)).toBe(true);
    }
  }
  expect([sizeOf(parts), sizeOf(joined)]).toEqual([100, 100]);
  expect([parts, joined, [], [1], 'ab', { length: 0 }, undefined].map(isScattered)).toEqual([
    ...[true, true, true],
    ...[false, false, false, false],
  ]);
});

it('a transfer takes chunks in parts, leaves grains alone that it has, and refuses them by the length of all parts', () => {
  const { grainBytes } = limits;
  const sent = randomBytes(3 * grainBytes + 100);
  const inParts = (from: number, until: number) => [sent.subarray(from, from + 11), sent.subarray(from + 11, until)];
  const assembly = assemble('trunk', sent.length);
  assembly.add(1, inParts(grainBytes, 2 * grainBytes));
  // The same grain again, with other bytes, among others: the first ones stay.
  const other = Buffer.from(sent.subarray(0, 3 * grainBytes));
  other.fill(0, grainBytes, 2 * grainBytes);
  assembly.add(0, [other.subarray(0, 1000), other.subarray(1000)]);
  expect(assembly.missing()).toEqual([[3, 4]]);
  expect(() => assembly.add(3, inParts(3 * grainBytes, sent.length - 1))).toThrow(/bytes/);
  expect(assembly.add(3, inParts(3 * grainBytes, sent.length))).toBe(true);
  expect(Buffer.from(assembly.bytes).equals(sent)).toBe(true);
});
