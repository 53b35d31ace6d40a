import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { CHALLENGE_PATH, identityFromSeed } from '../seal/index.ts';
import { openLink, type CoordinatorHandlers, type Link } from './link.ts';

const identity = identityFromSeed(new Uint8Array(32).fill(7));
let server: Server;
let link: Link;
afterEach(async () => {
  link.close();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

/** What a coordinator's process leaves on the line when it is killed at a certain moment of a client's coming. */
type Death = (upgrade: { accept: string; write: (text: string) => void; die: () => void }) => void;

/** Resolves when the client has come for the third time, with the milliseconds that passed since its first. */
async function thirdDial(death: Death): Promise<number> {
  server = createServer((request, response) => {
    expect(request.url).toBe(CHALLENGE_PATH);
    response.end(JSON.stringify({ nonce: randomBytes(16).toString('hex'), coordinator: identity.key }));
  });
  const dialled = new Promise<number>((resolve) => {
    const times: number[] = [];
    server.on('upgrade', ({ headers }, socket) => {
      // The client may close first.
      socket.on('error', () => undefined);
      times.push(performance.now());
      if (times.length === 3) resolve(times[2]! - times[0]!);
      const proof = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      death({
        accept: createHash('sha1').update(proof).digest('base64'),
        write: (text) => void socket.write(text),
        die: () => socket.end(),
      });
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  link = openLink(
    {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      client: 'one',
      identity,
      route: {},
      random: () => 0.5,
      firstMs: 60_000,
      laterMs: 60_000,
    },
    { handlers: {} as CoordinatorHandlers, connected: () => undefined, lost: () => undefined, failed: () => undefined },
  );
  return dialled;
}

const upgraded = (accept: string) =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;

/** The client's pauses between three dials are 100 and 200 ms. */
const SOON_MS = 3_000;

it('comes again at once when the coordinator dies before it answers the upgrade', async () => {
  expect(await thirdDial(({ die }) => die())).toBeLessThan(SOON_MS);
});

it('comes again at once when the coordinator dies between the upgrade and its greeting', async () => {
  const gap = thirdDial(({ accept, write, die }) => {
    write(upgraded(accept));
    die();
  });
  expect(await gap).toBeLessThan(SOON_MS);
});

it('comes again at once when the coordinator dies in the middle of a refusal', async () => {
  const gap = thirdDial(({ write, die }) => {
    write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 200\r\nConnection: close\r\n\r\n{"code":"COORD');
    die();
  });
  expect(await gap).toBeLessThan(SOON_MS);
});
