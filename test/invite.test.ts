import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { coordinatorCli } from '@trunkline/coordinator';
import { runProgram } from '@trunkline/protocol';
import { readToken } from '@trunkline/protocol/seal';
import { writeSmallRun } from './bad-input/small-run.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-invite-'));
let run: string;
beforeAll(() => {
  run = writeSmallRun(join(temporary, 'small'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** What a command writes, and its exit code. */
async function type(...args: string[]): Promise<{ code: number; out: string; talk: string }> {
  const said = { out: '', talk: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((said.out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((said.talk += String(text))));
  const code = await runProgram(coordinatorCli, [...args, '--runs', join(temporary, 'runs')]);
  vi.restoreAllMocks();
  return { code, ...said };
}

it('invites to a run that has not begun: stdout is the command to type, stderr what to know of it', async () => {
  const { code, out, talk } = await type('invite', 'south', '--run', run, '--url', 'https://coordinator.example:4100');
  expect(code).toBe(0);
  const [, token = ''] =
    /^npm run client -- join https:\/\/coordinator\.example:4100 south\.yaml --token (\S+)\n$/.exec(out) ?? [];
  const days = (readToken(token)!.expires - Date.now()) / 86_400_000;
  expect(readToken(token)!.client).toBe('south');
  expect(days).toBeGreaterThan(6.99);
  expect(days).toBeLessThanOrEqual(7);
  expect(talk).toContain('south can join with it once, until ');
});

it('says that the address is not known yet, where it is not', async () => {
  const { out, talk } = await type('invite', 'south', '--run', run);
  expect(out).toContain(' join URL south.yaml --token ');
  expect(talk).toContain('put its address in place of URL');
});

it('gives programs one envelope, and takes an invitation back by name', async () => {
  const invited = await type('invite', 'north', '--run', run, '--format', 'json', '--expires', '12h');
  const { status, data } = JSON.parse(invited.out) as { status: string; data: Record<string, string> };
  expect(status).toBe('ok');
  expect(Object.keys(data)).toEqual(['client', 'url', 'token', 'ca', 'expires', 'command']);
  const revoked = await type('revoke', 'north', '--run', run, '--format', 'json');
  expect(JSON.parse(revoked.out)).toMatchObject({
    status: 'ok',
    data: { client: 'north', known: false, withdrawn: 1 },
  });
});

it.each([
  [['invite', 'St. Anna'], 'cannot be a client’s name'],
  [['invite', 'south', '--expires', 'soon'], '--expires soon: expected a time'],
  [['revoke', 'nobody'], 'Nobody named nobody has joined or was invited'],
])('%j is refused with a sentence, exit code 2', async (args, sentence) => {
  const { code, talk, out } = await type(...args, '--run', run);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(talk).toContain(sentence);
});
