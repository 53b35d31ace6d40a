import type { IncomingMessage } from 'node:http';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openLookers } from './dashboard-token.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-lookers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const request = (url: string, headers: Record<string, string> = {}) => ({ url, headers }) as unknown as IncomingMessage;
const random = (count: number) => new Uint8Array(count).fill(7);

describe('who may look at a run over HTTP', () => {
  it('off loopback shows the token, in a header or in the address', () => {
    const { token, allows } = openLookers(folder, { loopback: false, random });
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(allows(request('/metrics', { authorization: `Bearer ${token}` }))).toBe(true);
    expect(allows(request(`/?token=${token}`))).toBe(true);
    for (const wrong of ['', 'x', `${token}x`, token!.slice(1)]) {
      expect(allows(request('/metrics', { authorization: `Bearer ${wrong}` }))).toBe(false);
      expect(allows(request(`/?token=${wrong}`))).toBe(false);
    }
    expect(allows(request('/metrics', { host: '127.0.0.1:4100' }))).toBe(false);
  });

  it('finds the same token when the coordinator starts again, in a file of its owner’s alone', () => {
    const first = openLookers(folder, { loopback: false, random }).token;
    const other = (count: number) => new Uint8Array(count).fill(9);
    expect(openLookers(folder, { loopback: false, random: other }).token).toBe(first);
    expect(statSync(join(folder, 'admission', 'dashboard.token')).mode & 0o777).toBe(0o600);
  });

  it('on loopback uses a name of this machine: not one that another site’s page brought along', () => {
    const { token, allows } = openLookers(folder, { loopback: true, random });
    expect(token).toBeNull();
    for (const host of ['127.0.0.1:4100', 'localhost:4100', '[::1]:4100', 'localhost'])
      expect(allows(request('/', { host }))).toBe(true);
    for (const host of ['', 'evil.example:4100', '127.0.0.1.evil.example', 'localhost.evil.example:4100'])
      expect(allows(request('/', { host }))).toBe(false);
  });
});
