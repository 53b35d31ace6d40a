import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSmallRun } from './bad-input/small-run.ts';
import { start, tellAll, type Command, type Running, type Told } from './bad-input/told.ts';

const LIMIT = 90_000;
const bash = existsSync('/bin/bash');

let folder: string;
let coordinator: Running;
let told: Record<string, Told>;
const file = (name: string) => join(folder, name);
const dataOf = (name: string) => (JSON.parse(told[name]!.stdout) as { data: Record<string, unknown> }).data;

/** What every command that is looked at here tells; a coordinator waits meanwhile. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-before-'));
  const run = writeSmallRun(folder);
  coordinator = start(['coordinator', 'start', run, '--runs', file('runs'), '--format', 'jsonl']);
  const [, url] = await coordinator.until(/"url":"([^"]+)"/);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const listen = `listen: { host: 127.0.0.1, port: ${port} }`;
  writeFileSync(
    file('narrow.yaml'),
    `run: narrow\nrounds: 2\ntrunk: { input: [4], layers: [{ dense: { units: 2 } }] }\n${listen}\n`,
  );
  const state = ['--state', file('state'), '--threads', '1'];
  const commands: Record<string, Command> = {
    check: ['client', 'check', url!, file('north.yaml'), ...state, '--format', 'json'],
    checkText: ['client', 'check', url!, file('south.yaml'), ...state],
    misfit: ['client', 'check', url!, file('north.yaml'), ...state, '--set', 'data.adapter=[{dense: {units: 3}}]'],
    nobody: ['client', 'check', 'http://127.0.0.1:9', file('north.yaml'), ...state, '--patience-ms', '0'],
    clients: ['coordinator', 'clients', '--runs', file('runs'), '--format', 'json'],
    healthy: ['coordinator', 'doctor', run, '--runs', file('runs'), '--format', 'json'],
    sick: ['coordinator', 'doctor', file('narrow.yaml'), '--runs', file('runs')],
    bash: ['client', 'completion', 'bash'],
    fish: ['coordinator', 'completion', 'fish', '--bin', 'tl'],
    noShell: ['client', 'completion', 'tcsh'],
    dry: ['simulate', run, '--runs', file('dry-runs'), '--dry-run', '--format', 'json'],
  };
  const all = await tellAll(Object.values(commands));
  taken.close();
  told = Object.fromEntries(Object.keys(commands).map((name, i) => [name, all[i]!]));
}, LIMIT);
afterAll(() => {
  coordinator.child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('client check', () => {
  it('says what the run will cost: a gradient of the trunk up, a trunk down, each round', () => {
    expect(told['check']!.code).toBe(0);
    expect(dataOf('check')).toMatchObject({
      run: 'small',
      client: 'north',
      parameters: 40,
      rounds: 4,
      localSteps: null,
      bytes: { upRound: 160, downRound: 160, up: expect.any(Number) as number, down: 5 * 160 },
      tasks: [{ task: 'cats', rows: { train: 24, validation: 8, test: 8 }, labelled: 24, metrics: ['accuracy'] }],
    });
    const { up } = dataOf('check')['bytes'] as { up: number };
    expect(up).toBeGreaterThanOrEqual(4 * 160);
    expect(dataOf('check')['stepMs']).toBeGreaterThan(0);
    // A process with a backend holds more than its code.
    expect(dataOf('check')['memoryBytes']).toBeGreaterThan(5e7);
  });

  it('says the same to people', () => {
    expect(told['checkText']!.stdout).toMatch(/south\.yaml fits run small at http/);
    expect(told['checkText']!.stdout).toContain('task dogs: ');
    expect(told['checkText']!.stdout).toMatch(/memory: \d+ [MG]B in this process/);
  });

  it('takes no seat: the coordinator still waits for everybody', () => {
    expect(told['clients']!.code).toBe(0);
    expect(dataOf('clients')['clients'] ?? dataOf('clients')).toEqual([]);
  });

  it('refuses an adapter that does not fit the trunk, and a coordinator that is not there', () => {
    expect(told['misfit']).toMatchObject({ code: 23, stderr: expect.stringContaining('TRUNK_INPUT') as string });
    expect(told['nobody']).toMatchObject({
      code: 10,
      stderr: expect.stringContaining('COORDINATOR_UNREACHABLE') as string,
    });
  });
});

describe('coordinator doctor', () => {
  it('finds nothing missing for a run that can start here', () => {
    const findings = dataOf('healthy')['findings'] as { what: string; ok: boolean }[];
    expect(told['healthy']!.code).toBe(0);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.map(({ what }) => what)).toContain('expected tasks');
  });

  it('says of a run that cannot what is missing and what to do, and ends with 2', () => {
    const { code, stdout } = told['sick']!;
    expect(code).toBe(2);
    expect(stdout).toMatch(/missing {2}expected tasks: none\n +→ Add `expect/);
    expect(stdout).toMatch(/missing {2}address: 127\.0\.0\.1, port \d+: .*EADDRINUSE/);
    expect(stdout).toMatch(/ok {7}run file: run narrow, /);
  });
});

describe('completion', () => {
  /** What bash itself proposes after `words`, the last of which is begun. */
  const proposed = (...words: string[]): string[] => {
    const line = ['trunkline-client', ...words].map((word) => `'${word}'`).join(' ');
    const script = `${told['bash']!.stdout}
COMP_WORDS=(${line}); COMP_CWORD=${words.length}
$(complete -p trunkline-client | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('/bin/bash', ['--norc', '-c', script], { encoding: 'utf8' }).trim().split('\n');
  };

  it.skipIf(!bash)('completes commands, options and their values in bash itself', () => {
    expect(proposed('pre')).toEqual(['predict']);
    expect(proposed('predict', 'a.yaml', '--sp')).toEqual(['--split']);
    expect(proposed('predict', 'a.yaml', '--split', '')).toEqual(['train', 'validation', 'test']);
    // Hidden options stay hidden.
    expect(proposed('join', '--pat')).toEqual(['']);
  });

  it('completes the program by the name that is typed, and refuses a shell that it does not know', () => {
    expect(told['fish']!.stdout).toContain('complete -c tl');
    expect(told['noShell']).toMatchObject({ code: 2, stderr: expect.stringContaining('bash, zsh, fish') as string });
  });
});

describe('simulate --dry-run', () => {
  it('adds up what its clients would cost, and trains nothing', () => {
    expect(told['dry']!.code).toBe(0);
    const dry = dataOf('dry') as {
      bytes: { up: number };
      memoryBytes: number;
      coordinatorBytes: number;
      clients: { client: string; bytes: { up: number }; memoryBytes: number }[];
    };
    expect(dry).toMatchObject({ run: 'small', rounds: 4, parameters: 40 });
    expect(dry.clients.map(({ client }) => client)).toEqual(['north', 'south']);
    expect(dry.bytes.up).toBe(dry.clients.reduce((sum, { bytes }) => sum + bytes.up, 0));
    expect(dry.memoryBytes).toBe(dry.clients.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0));
    // A process of Node with a coordinator in it, not one with a learner's data and backend.
    expect(dry.coordinatorBytes).toBeGreaterThan(4e7);
    expect(existsSync(file('dry-runs'))).toBe(false);
  });
});
