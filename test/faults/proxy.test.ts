import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProxy, type FaultProxy } from './proxy.ts';

/** Behind the proxy: a server that sends back what it hears. */
let echo: Server;
let proxy: FaultProxy;
let socket: Socket;
let heard: Buffer[];
const total = () => heard.reduce((sum, bytes) => sum + bytes.byteLength, 0);

beforeEach(async () => {
  echo = createServer((line) => line.on('error', () => undefined).pipe(line)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await openProxy(`http://127.0.0.1:${(echo.address() as { port: number }).port}`);
  heard = [];
  socket = connect(proxy.port, '127.0.0.1').on('data', (bytes) => heard.push(bytes));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
});
afterEach(async () => {
  socket.destroy();
  await proxy.close();
  echo.close();
});

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('the fault proxy', () => {
  it('hands everything on unchanged, whole or in slices', async () => {
    const sent = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) & 255));
    socket.write(sent);
    await until(() => total() === sent.byteLength);
    expect(Buffer.concat(heard).equals(sent)).toBe(true);
    heard = [];
    proxy.set({ sliceBytes: 7 }, 'up');
    socket.write(sent.subarray(0, 700));
    await until(() => total() === 700);
    expect(Buffer.concat(heard).equals(sent.subarray(0, 700))).toBe(true);
    expect(proxy.passed).toEqual({ up: 200_700, down: 200_700 });
  });

  it('lets no more pass than its bandwidth, in one direction only', async () => {
    proxy.set({ bytesPerSecond: 100_000 }, 'up');
    const begun = performance.now();
    socket.write(Buffer.alloc(40_000));
    await until(() => total() === 40_000);
    const seconds = (performance.now() - begun) / 1000;
    expect(seconds).toBeGreaterThan(0.34);
  });

  it('keeps a byte under way for its latency, each way', async () => {
    proxy.set({ latencyMs: 60 });
    const begun = performance.now();
    socket.write('x');
    await until(() => total() === 1);
    expect(performance.now() - begun).toBeGreaterThan(115);
  });

  it('holds what a partition catches and delivers it once healed', async () => {
    proxy.partition('down');
    socket.write('held');
    await until(() => proxy.passed.up === 4);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(total()).toBe(0);
    proxy.heal();
    await until(() => total() === 4);
    expect(Buffer.concat(heard).toString()).toBe('held');
  });

  it('drops lines so that the far end sees a reset, and takes none while it does not accept', async () => {
    const broken = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
    proxy.drop('reset');
    expect((await broken).code).toBe('ECONNRESET');
    await until(() => proxy.lines === 0);
    proxy.accepting = false;
    const refused = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
    await new Promise((resolve) => refused.once('close', resolve));
    expect([proxy.lines, proxy.opened]).toEqual([0, 1]);
  });
});
