import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handshake, PROTOCOL_VERSION } from '@trunkline/protocol';
import { identityFromSeed } from '@trunkline/protocol/seal';
import { otherVersion } from './bad-input/other-version.ts';
import { writeSmallRun, type Changes } from './bad-input/small-run.ts';
import { start, tellAll, type Command, type Running, type Told } from './bad-input/told.ts';

/** One coordinator with one client that is in order, and everyone who should not come in. */
let folder: string;
let url: string;
let coordinator: Running;
let north: Running;
const told: Record<string, Told> = {};

const write = (name: string, changes: Changes = {}) => {
  writeSmallRun(join(folder, name), { changes });
  return (file: string) => join(folder, name, file);
};
const joinRun = (address: string, file: string, ...more: string[]): Command => [
  'client',
  'join',
  address,
  file,
  ...['--yes', '--format', 'jsonl', '--patience-ms', '5000', '--state', join(folder, 'state'), ...more],
];
const startRun = (...more: string[]): Command => [
  'coordinator',
  'start',
  join(folder, 'fine', 'run.yaml'),
  ...['--format', 'jsonl', '--runs', join(folder, 'runs'), ...more],
];

const SOUTH = identityFromSeed(new Uint8Array(32).fill(3));

/** What a client that trained another trunk in this run, with this coordinator, would have left behind. */
function leaveState(name: string, address: string): string {
  const place = join(folder, name, 'small', 'south');
  mkdirSync(place, { recursive: true });
  const label = { format: 1, run: 'small', client: 'south', trunk: 'ab'.repeat(32), round: 4, url: address };
  writeFileSync(join(place, 'state.json'), JSON.stringify(label));
  // In each of these folders south has the same key: it is one client, with different memories.
  mkdirSync(join(folder, name, 'keys'));
  writeFileSync(join(folder, name, 'keys', 'south.key'), SOUTH.secret(), { mode: 0o600 });
  return join(folder, name);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-bad-peers-'));
  const fine = write('fine');
  coordinator = start(startRun());
  [, url = ''] = await coordinator.until(/"url":"(http[^"]+)"/);
  north = start(joinRun(url, fine('north.yaml')));
  const wide = write('wide', {
    'south.yaml': ['batchSize: 8', 'batchSize: 8\n  adapter: [{ dense: { units: 5 } }]'],
  });
  const stranger = write('stranger', { 'south.yaml': ['id: dogs', 'id: birds'] });
  const rival = write('rival', { 'south.yaml': ['id: dogs', 'id: cats'] });
  const late = {
    wide: start(joinRun(url, wide('south.yaml'), '--set', 'client=wide')),
    stranger: start(joinRun(url, stranger('south.yaml'), '--set', 'client=stranger')),
  };
  await coordinator.until(/"event":"joined"/);
  const again = start(joinRun(url, rival('south.yaml'), '--set', 'client=rival'));

  const older = await otherVersion(url);
  const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = new URL(url);
  const commands: Record<string, Command> = {
    version: joinRun(older.url, fine('south.yaml')),
    'known here': joinRun(url, fine('south.yaml'), '--state', leaveState('known-here', url)),
    'known elsewhere': joinRun(url, fine('south.yaml'), '--state', leaveState('known-elsewhere', 'http://127.0.0.1:9')),
    name: joinRun(url, fine('north.yaml')),
    'no coordinator': joinRun(`http://127.0.0.1:${(other.address() as AddressInfo).port}`, fine('south.yaml')),
    port: startRun('--port', port, '--set', 'run=second'),
    folder: startRun('--port', '0'),
  };
  const answers = await tellAll(Object.values(commands));
  Object.keys(commands).forEach((name, place) => (told[name] = answers[place]!));
  for (const [name, one] of Object.entries({ ...late, rival: again })) told[name] = await one.told;
  older.close();
  other.close();
});

afterAll(() => {
  for (const { child } of [coordinator, north]) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const said = (name: string): string => {
  const { stderr } = told[name]!;
  return stderr
    .slice(stderr.indexOf('error: '))
    .replaceAll(folder, '~')
    .replaceAll(/127\.0\.0\.1:(?!9\b)\d+/g, 'HOST')
    .replaceAll(/(port|process) \d+/g, '$1 N')
    .replaceAll(/(?<=the (?:run uses|coordinator) )[\da-f]+(?=\.)/g, 'OURS')
    .trimEnd();
};

describe('a client that does not belong here is told why', () => {
  it('when it speaks another version of the protocol', () => {
    expect(said('version')).toMatchInlineSnapshot(`
      "error: The client speaks protocol 99, the coordinator OURS.
        Install the same Trunkline release on both sides.
        (PROTOCOL_VERSION, exit code 20)"
    `);
  });

  it('when its adapter does not fit the trunk', () => {
    expect(said('wide')).toMatchInlineSnapshot(`
      "error: ~/wide/south.yaml:7:5: task dogs: its adapter gives shape [5], the trunk takes [4].
        Correct the adapter in the client file so that it ends in the shape that the trunk takes.
        (TRUNK_INPUT, exit code 23)"
    `);
  });

  it('when its state is of another trunk, whether the coordinator or the client notices', () => {
    expect(said('known here')).toMatchInlineSnapshot(`
      "error: Client south was built for another trunk: it holds abababababab, the run uses OURS.
        Use another \`state\` folder for this run, or join the coordinator the state belongs to.
        (TRUNK_DIFFERS, exit code 23)"
    `);
    expect(said('known elsewhere')).toMatchInlineSnapshot(`
      "error: The state of run small in ~/known-elsewhere/small/south/state.json was built for another trunk: it holds abababababab, the run uses OURS.
        Use another \`state\` folder for this run, or join the coordinator the state belongs to.
        (TRUNK_DIFFERS, exit code 23)"
    `);
  });

  it('when its task is not expected', () => {
    expect(said('stranger')).toMatchInlineSnapshot(`
      "error: Client stranger: the run does not expect the task \`birds\`.
        Expected tasks: cats, dogs. Correct the id, or add it to \`expect\` in the run file.
        (TASK_UNEXPECTED, exit code 24)"
    `);
  });

  it('when another client serves its task', () => {
    expect(said('rival')).toMatchInlineSnapshot(`
      "error: Client rival: task \`cats\` is already served by client north.
        Choose another id, or, where both train the same task, set \`replica: true\` at each of them.
        (TASK_DUPLICATE, exit code 22)"
    `);
  });

  it('when another client has its name', () => {
    expect(said('name')).toMatchInlineSnapshot(`
      "error: A client named \`north\` is connected already.
        Give this client another name, or stop the other one.
        (CLIENT_DUPLICATE, exit code 25)"
    `);
  });

  it('when there is no coordinator at the address', () => {
    expect(said('no coordinator')).toMatchInlineSnapshot(`
      "error: No coordinator answers at http://HOST: another program does (HTTP 200).
        Check the address, and that the coordinator is running (\`coordinator status\`).
        (COORDINATOR_UNREACHABLE, exit code 10)"
    `);
  });
});

describe('a second coordinator', () => {
  it('cannot take the port of the first', () => {
    expect(said('port')).toMatchInlineSnapshot(`
      "error: --port: port N on 127.0.0.1 is in use by another program.
        Choose another with --port N, or \`port: 0\` for any free one.
        (PORT_IN_USE, exit code 11)"
    `);
    expect(existsSync(join(folder, 'runs', 'second'))).toBe(false);
  });

  it('cannot take its folder', () => {
    expect(said('folder')).toMatchInlineSnapshot(`
      "error: Another coordinator holds the run in ~/runs/small: process N.
        Use that one (\`coordinator status\`), or end it first (\`coordinator stop\`, or Ctrl-C in its terminal).
        (RUN_LOCKED, exit code 54)"
    `);
  });
});

it('each ends with the exit code of its error, which stands as the last event on stdout', () => {
  const ends = Object.entries(told).map(([name, { code, stdout }]) => {
    const { event, ...report } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { event: string; code: string };
    return [name, event, report.code, code];
  });
  expect(ends).toEqual([
    ['version', 'error', 'PROTOCOL_VERSION', 20],
    ['known here', 'error', 'TRUNK_DIFFERS', 23],
    ['known elsewhere', 'error', 'TRUNK_DIFFERS', 23],
    ['name', 'error', 'CLIENT_DUPLICATE', 25],
    ['no coordinator', 'error', 'COORDINATOR_UNREACHABLE', 10],
    ['port', 'error', 'PORT_IN_USE', 11],
    ['folder', 'error', 'RUN_LOCKED', 54],
    ['wide', 'error', 'TRUNK_INPUT', 23],
    ['stranger', 'error', 'TASK_UNEXPECTED', 24],
    ['rival', 'error', 'TASK_DUPLICATE', 22],
  ]);
});

it('a stranger’s handshake is answered before any WebSocket comes to be', async () => {
  const { port } = new URL(url);
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1').on('close', () => resolve(text));
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    const upgrade = ['GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', 'Host: x', 'Connection: Upgrade'];
    const socketHeaders = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${'a'.repeat(22)}==`];
    socket.write([...upgrade, ...socketHeaders, `${handshake.protocol}: 99`, '', ''].join('\r\n'));
  });
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(answer).toContain(`The client speaks protocol 99, the coordinator ${PROTOCOL_VERSION}.`);
});

it('Ctrl-C ends both sides at once with 130, and of a run that never began nothing stays', async () => {
  const begun = performance.now();
  for (const { child } of [north, coordinator]) child.kill('SIGINT');
  expect((await north.told).code).toBe(130);
  expect((await coordinator.told).code).toBe(130);
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(readdirSync(join(folder, 'runs'))).toEqual([]);
  const { port } = new URL(url);
  const refused = await new Promise<string | undefined>((resolve) => {
    connect(Number(port), '127.0.0.1').once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
  expect(refused).toBe('ECONNREFUSED');
});
