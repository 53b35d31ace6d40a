import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClientOutcome } from '@trunkline/client';
import { knock, openLink } from '@trunkline/protocol/line';
import {
  invite,
  readRun,
  revoke,
  startCoordinator,
  verifyAudit,
  type Coordinator,
  type RunEvent,
} from '@trunkline/coordinator';
import { limits, systemClock } from '@trunkline/protocol';
import { identityFromSeed, knockText } from '@trunkline/protocol/seal';
import { writeSmallRun } from './bad-input/small-run.ts';
import { comeAsGuest } from './door/guest.ts';
import { connectProxy } from './door/proxy-of.ts';
import { admittedSocket, openRawLine } from './wire/raw-line.ts';
import { identityOf, openThinClient } from './wire/thin-client.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-door-'));
let file: string;
let client: string;
beforeAll(() => {
  file = writeSmallRun(join(temporary, 'small'));
  client = join(temporary, 'small', 'south.yaml');
});
let coordinator: Coordinator | undefined;
afterEach(async () => {
  await coordinator?.close();
  coordinator = undefined;
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const person = (mark: number) => identityFromSeed(new Uint8Array(32).fill(mark));
const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));
const invited = (folder: string, name = 'south') => invite(name, { folder, now: new Date(), hours: 1, random }).token;

let runs = 0;
async function open(settings: readonly string[] = [], more: { devCertificate?: boolean } = {}) {
  const folder = join(temporary, `run-${runs++}`);
  const heard: RunEvent[] = [];
  const config = readRun(file, ['expect=[dogs]', 'evaluateEvery=1000', 'probeEvery=0', ...settings]);
  coordinator = await startCoordinator(config, { folder, sinks: [(event) => heard.push(event)], ...more });
  return { folder, heard, url: coordinator.url, coordinator };
}
const codeOf = (outcome: ClientOutcome): string => (outcome.kind === 'failed' ? outcome.error.code : outcome.kind);
const auditOf = (folder: string) =>
  readFileSync(join(folder, 'audit.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown> & { kind: string });

describe('a run with invitations', () => {
  it('trains with an invited client, and its audit log attributes every contribution', async () => {
    const { folder, url, coordinator: held } = await open(['rounds=6', 'listen.invitations=true']);
    const token = invited(folder);
    const guest = comeAsGuest({ url, file: client, identity: person(1), token });
    expect(codeOf(await guest.done)).toBe('finished');
    await held.close();
    const head = verifyAudit(join(folder, 'audit.jsonl'));
    const lines = auditOf(folder);
    expect(head.lines).toBe(lines.length);
    const of = (kind: string) => lines.filter((line) => line.kind === kind);
    for (const kind of ['pin', 'invitation used', 'admission']) expect(of(kind)).toHaveLength(1);
    const accepted = of('contribution accepted');
    expect(accepted.map(({ round }) => round)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(accepted[3]).toMatchObject({ client: 'south', part: 'sum', tasks: ['dogs'], version: 3 });
    expect(accepted[3]!['sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(accepted[3]!['signature']).toMatch(/^[\w-]{86}$/);
  });

  it('ends a revoked client’s line within a second, and does not take it back', async () => {
    const { folder, heard, url } = await open(['rounds=1000000', 'listen.invitations=true']);
    const identity = person(2);
    const guest = comeAsGuest({ url, file: client, identity, token: invited(folder) });
    while (!heard.some(({ event }) => event === 'round')) await new Promise((resolve) => setTimeout(resolve, 20));
    const begun = performance.now();
    revoke('south', { folder, now: new Date() });
    const outcome = await guest.done;
    const took = performance.now() - begun;
    expect(outcome.kind === 'failed' && { code: outcome.error.code, exit: outcome.error.exit }).toEqual({
      code: 'CLIENT_REVOKED',
      exit: 27,
    });
    expect(took).toBeLessThan(1_000);
    expect(heard.filter((event) => event.event === 'refused').map(({ error }) => error.code)).toContain(
      'CLIENT_REVOKED',
    );
    expect(codeOf(await comeAsGuest({ url, file: client, identity }).done)).toBe('CLIENT_REVOKED');
    expect(auditOf(folder).filter(({ kind }) => kind === 'revocation')).toHaveLength(1);
  });

  it('refuses, and writes down, a contribution that is not signed with the key that came in', async () => {
    const { folder, url } = await open(['rounds=1000000']);
    const identity = person(3);
    const signs = { key: identity.key, secret: () => identity.secret() };
    // The handshake is right; whatever is signed after it is not.
    const forger = {
      ...signs,
      sign: (text: string) => (text.startsWith('trunkline knock') ? identity : person(4)).sign(text),
    };
    expect(codeOf(await comeAsGuest({ url, file: client, identity: forger }).done)).toBe('CONTRIBUTION_SEAL');
    await coordinator!.close();
    const lines = auditOf(folder);
    expect(lines.filter(({ kind }) => kind === 'contribution refused')[0]).toMatchObject({
      client: 'south',
      round: 0,
      code: 'CONTRIBUTION_SEAL',
    });
    expect(lines.some(({ kind }) => kind === 'contribution accepted')).toBe(false);
  });

  it('60 wrong credentials over real sockets: none is admitted', async () => {
    const { folder, heard, url } = await open(['rounds=10', 'listen.invitations=true']);
    const token = invited(folder);
    const other = invite('south', { folder: join(temporary, 'elsewhere'), now: new Date(), hours: 1, random }).token;
    const wrong: (() => Promise<Record<string, string>>)[] = [
      () => knock({ url, client: 'south', identity: person(5), route: {} }),
      () => knock({ url, client: 'north', identity: person(5), token, route: {} }),
      async () => ({
        ...(await knock({ url, client: 'south', identity: person(5), route: {} })),
        authorization: `Bearer ${token}`,
      }),
      async () => ({
        ...(await knock({ url, client: 'south', identity: person(5), token, route: {} })),
        'x-trunkline-key': person(6).key,
      }),
      async () => {
        const nonce = 'A'.repeat(54);
        const signature = person(5).sign(knockText({ nonce, coordinator: 'x', client: 'south', token }));
        const headers = await knock({ url, client: 'south', identity: person(5), token, route: {} });
        return { ...headers, 'x-trunkline-nonce': nonce, 'x-trunkline-signature': signature };
      },
    ];
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => upgrade(url, await wrong[i % wrong.length]!())),
    );
    expect(answers.map((text) => /^HTTP\/1\.1 (\d+)/.exec(text)?.[1])).toEqual(Array<string>(60).fill('400'));
    await expect(knock({ url, client: 'south', identity: person(5), token: other, route: {} })).rejects.toMatchObject({
      code: 'COORDINATOR_NOT_INVITER',
    });
    expect(heard.some(({ event }) => event === 'joined')).toBe(false);
    const right = await knock({ url, client: 'south', identity: person(5), token, route: {} });
    expect(await upgrade(url, right)).toMatch(/^HTTP\/1\.1 101/);
    expect(await upgrade(url, right)).toContain('CHALLENGE_STALE');
  });
});

describe('TLS', () => {
  it('with a certificate of the run’s own: through a proxy that is asked for by name, to who was given the certificate', async () => {
    const { folder, url } = await open(['rounds=3', 'listen.invitations=true'], { devCertificate: true });
    const ca = join(folder, 'admission', 'certificate.pem');
    expect(url).toMatch(/^https:/);
    const named = url.replace('127.0.0.1', hostname());
    const proxy = await connectProxy('anna:secret');
    const token = invited(folder);
    const come = (environment: NodeJS.ProcessEnv, trusted?: string) =>
      comeAsGuest({
        url: named,
        file: client,
        identity: person(7),
        token,
        environment,
        ...(trusted ? { ca: trusted } : {}),
      }).done;
    const through = { HTTPS_PROXY: `http://anna:secret@${proxy.url}`, NO_PROXY: 'example.org' };
    expect(codeOf(await come(through))).toBe('COORDINATOR_UNTRUSTED');
    expect(codeOf(await come(through, ca))).toBe('finished');
    // One connection for each challenge, one for the line.
    expect(proxy.asked).toEqual(Array<string>(3).fill(`${hostname()}:${new URL(url).port}`));
    proxy.close();
  });

  it('off loopback is needed, or --insecure', async () => {
    const config = readRun(file, ['expect=[dogs]', 'listen.host=0.0.0.0']);
    const folder = join(temporary, 'open');
    await expect(startCoordinator(config, { folder })).rejects.toMatchObject({ code: 'LISTEN_NOT_LOOPBACK' });
    const secure = await startCoordinator(config, { folder, devCertificate: true });
    const url = `https://127.0.0.1:${new URL(secure.url).port}`;
    const ca = join(folder, 'admission', 'certificate.pem');
    const uninvited = comeAsGuest({ url, file: client, identity: person(8), ca });
    expect(codeOf(await uninvited.done)).toBe('ADMISSION_REFUSED');
    await secure.close();
    const insecure = await startCoordinator(readRun(file, ['expect=[dogs]', 'listen.host=0.0.0.0', 'rounds=2']), {
      folder: join(temporary, 'insecure'),
      insecure: true,
    });
    const there = insecure.url.replace(hostname(), '127.0.0.1');
    expect(codeOf(await comeAsGuest({ url: there, file: client, identity: person(8) }).done)).toBe('finished');
    await insecure.close();
  });
});

it('no secret stands in a log, an event or an error, and every secret file is its owner’s alone', async () => {
  const { folder, heard, url } = await open(['rounds=2', 'listen.invitations=true'], { devCertificate: true });
  const token = invited(folder);
  const identity = person(9);
  const ca = join(folder, 'admission', 'certificate.pem');
  const told: unknown[] = [];
  const stranger = await comeAsGuest({ url, file: client, identity: person(10), token: `${token}x`, ca }).done;
  const emit = (event: object) => told.push(event);
  const outcome = await comeAsGuest({ url, file: client, identity, token, ca, emit }).done;
  expect([codeOf(stranger), codeOf(outcome)]).toEqual(['ADMISSION_REFUSED', 'finished']);
  await coordinator!.close();
  const admission = join(folder, 'admission');
  const secrets = [
    token,
    identity.secret(),
    ...['run.key', 'certificate.key'].map((name) => readFileSync(join(admission, name), 'utf8')),
  ]
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.length >= 40);
  expect(secrets.length).toBeGreaterThanOrEqual(5);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/\.key$/.test(name) && statSync(join(folder, name)).isFile())
    .map((name) => readFileSync(join(folder, name), 'latin1'));
  const said = [...files, JSON.stringify(heard), JSON.stringify(told), JSON.stringify([stranger, outcome])];
  expect(secrets.filter((secret) => said.some((text) => text.includes(secret)))).toEqual([]);
  expect(said.some((text) => text.includes(identity.key))).toBe(true);
  for (const name of ['run.key', 'certificate.key', 'roster.jsonl'])
    expect(statSync(join(admission, name)).mode & 0o777).toBe(0o600);
});

/** The coordinator's whole answer to a handshake with these headers. */
async function upgrade(url: string, headers: Record<string, string>): Promise<string> {
  const { connect } = await import('node:net');
  const { hostname: host, port } = new URL(url);
  const lines = Object.entries({
    host: 'x',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': `${'a'.repeat(22)}==`,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    let text = '';
    const stop = systemClock.after(2_000, () => socket.destroy());
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.startsWith('HTTP/1.1 101')) socket.destroy();
    });
    socket
      .on('error', () => undefined)
      .on('close', () => {
        stop();
        resolve(text);
      });
    socket.write(['GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', ...lines, '', ''].join('\r\n'));
  });
}

describe('a client whose line of before still stands', () => {
  const south = identityOf('south');
  const lives = (url: string) =>
    openThinClient({
      ...{ url, client: 'south', task: 'dogs', input: [4] },
      gradient: () => new Float32Array(40),
      delay: () => new Promise(() => undefined),
    });
  const comes = (url: string, restarted: boolean) =>
    new Promise<string>((resolve) => {
      const untold = () => undefined;
      const link = openLink(
        { ...{ url, client: 'south', identity: south, route: {}, restarted }, ...patience },
        {
          handlers: {} as never,
          connected() {
            link.close();
            resolve('connected');
          },
          lost: untold,
          failed: ({ code }) => resolve(code),
        },
      );
    });
  const patience = { random: () => 0.5, firstMs: 20_000, laterMs: 20_000 };
  const waitFor = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('takes its place within seconds when that line is silent, which the audit log says; another key does not', async () => {
    const { folder, heard, url } = await open();
    const silent = await openRawLine(url, 'south');
    await expect(admittedSocket(url, 'south', person(9))).rejects.toThrow(/CLIENT_KEY_DIFFERS/);
    const begun = performance.now();
    const guest = lives(url);
    await waitFor(() => heard.some(({ event }) => event === 'joined'));
    expect(performance.now() - begun).toBeLessThan(limits.probeMs + 3_000);
    await silent.closed;
    const kinds = auditOf(folder).map(({ kind }) => kind);
    expect(kinds.filter((kind) => ['admission', 'silent line closed'].includes(kind))).toEqual([
      'admission',
      'silent line closed',
      'admission',
    ]);
    // The line that was closed was not the one that has come: nobody left.
    expect(heard.filter(({ event }) => event === 'left')).toEqual([]);
    guest.close();
  });

  it('is refused at once while that line lives; one that was in the run before keeps trying until it is free', async () => {
    const { folder, heard, url } = await open();
    const guest = lives(url);
    await waitFor(() => heard.some(({ event }) => event === 'joined'));
    const begun = performance.now();
    expect(await comes(url, false)).toBe('CLIENT_DUPLICATE');
    expect(performance.now() - begun).toBeLessThan(limits.probeMs);
    const again = comes(url, true);
    await waitFor(() => auditOf(folder).filter(({ code }) => code === 'CLIENT_DUPLICATE').length > 2);
    guest.close();
    expect(await again).toBe('connected');
  });
});
