import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { clientCli } from '@trunkline/client';
import { coordinatorCli, readRun } from '@trunkline/coordinator';
import { ROOT } from './simulate/child.ts';

const read = (path: string) => readFileSync(join(ROOT, 'deploy', path), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-deploy-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What is wrong with `apps/PROGRAM/dist/main.js COMMAND ...` as a container or a service starts it; empty: it can be typed. */
function faultOf([main = '', name = '', ...words]: readonly string[]): string {
  const program = /^apps\/(coordinator|client)\/dist\/main\.js$/.exec(main)?.[1];
  if (!program || !existsSync(join(ROOT, main.replace('/dist/main.js', '/src/main.ts')))) return `no program ${main}`;
  const cli = (program === 'client' ? clientCli : coordinatorCli)(() => undefined);
  const command = cli.commands.find((one) => one.name() === name);
  if (!command) return `${program} has no command ${name}`;
  const { operands, unknown } = command.parseOptions(words);
  if (unknown.length > 0) return `unknown ${unknown.join(' ')}`;
  const [least, most] = [command.registeredArguments.filter(({ required }) => required), command.registeredArguments];
  return operands.length < least.length || operands.length > most.length ? `arguments ${operands.join(' ')}` : '';
}

it('would say so of a command that cannot be typed', () => {
  expect(faultOf(['apps/server/dist/main.js', 'start'])).toContain('no program');
  expect(faultOf(['apps/coordinator/dist/main.js', 'strat', 'run.yaml'])).toContain('no command');
  expect(faultOf(['apps/coordinator/dist/main.js', 'start', 'run.yaml', '--prot=1'])).toContain('--prot');
  expect(faultOf(['apps/client/dist/main.js', 'join', 'http://h:1'])).toContain('arguments');
});

describe('deploy/Dockerfile', () => {
  const lines = read('Dockerfile').replaceAll('\\\n', ' ').split('\n');
  const stages = lines.flatMap((line, at) => {
    const [, image, name] = /^FROM (\S+) AS (\S+)$/.exec(line) ?? [];
    return image && name ? [{ image, name, at }] : [];
  });
  const bodyOf = (name: string) => {
    const at = stages.findIndex((stage) => stage.name === name);
    return lines.slice(stages[at]!.at, stages[at + 1]?.at);
  };
  const last = (name: string, instruction: string) => bodyOf(name).findLast((line) => line.startsWith(instruction));

  it('pins its base to a version, and never says latest', () => {
    expect(stages.map(({ name }) => name)).toEqual(['base', 'cpu', 'cuda']);
    for (const { image } of stages)
      if (!stages.some(({ name }) => name === image)) expect(image).toMatch(/^[\w./-]+:\d+\.\d+\.\d+[\w.-]*$/);
    expect(lines.join('\n')).not.toContain(':latest');
  });

  it('runs as a user without rights, leaves no package lists behind, and fetches nothing that it does not check', () => {
    expect(last('base', 'USER')).toBe('USER node');
    for (const name of ['cpu', 'cuda']) expect(last(name, 'USER')).toBeUndefined();
    for (const line of lines.filter((one) => one.includes('apt-get install'))) {
      expect(line).toContain('--no-install-recommends');
      expect(line).toContain('rm -rf /var/lib/apt/lists/*');
    }
    expect(lines.filter((line) => /^ADD |curl|wget|sudo/.test(line))).toEqual([]);
  });

  it.each(['cpu', 'cuda'])('%s asks the health endpoint, and its entry starts a program', (name) => {
    expect(last(name, 'HEALTHCHECK')).toMatch(/CMD \["node", "deploy\/healthy\.mjs", "4100"\]$/);
    expect(last(name, 'ENTRYPOINT')).toContain('run.mjs');
    const words = JSON.parse(last(name, 'CMD')!.slice('CMD '.length)) as string[];
    expect(words[1] === '--help' ? faultOf([words[0]!, 'doctor']) : faultOf(words)).toBe('');
  });

  it('has an entry that answers --help, which is as far as it goes without an engine', () => {
    const [node, ...entry] = JSON.parse(last('cpu', 'ENTRYPOINT')!.slice('ENTRYPOINT '.length)) as string[];
    expect(node).toBe('node');
    const words = JSON.parse(last('cpu', 'CMD')!.slice('CMD '.length)) as string[];
    const help = execFileSync(process.execPath, [...entry, ...words], { cwd: ROOT, encoding: 'utf8' });
    expect(help).toContain('start [options] <run.yaml>');
  });
});

it('healthy.mjs ends with 0 while /health answers, and with 1 where nothing does', async () => {
  const server = createServer(({ url }, response) => response.writeHead(url === '/health' ? 200 : 404).end()).listen(0);
  const { port } = server.address() as AddressInfo;
  const ask = () =>
    new Promise<unknown>((done) =>
      execFile(process.execPath, [join(ROOT, 'deploy/healthy.mjs'), String(port)], (error) => done(error?.code ?? 0)),
    );
  expect(await ask()).toBe(0);
  await new Promise((done) => server.close(done));
  expect(await ask()).toBe(1);
});

/** The part of the compose specification that our file uses: another key, or another form of one, is a mistake. */
const container = z.strictObject({
  image: z.string().regex(/:\d+\.\d+\.\d+$/),
  build: z.strictObject({ context: z.string(), dockerfile: z.string(), target: z.enum(['cpu', 'cuda']) }),
  init: z.literal(true),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.array(z.string()),
  tmpfs: z.array(z.string()),
  networks: z.array(z.string()),
  stop_grace_period: z.string().regex(/^\d+s$/),
  command: z.array(z.string()),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)).optional(),
  volumes: z.array(z.string()).optional(),
  mem_limit: z.string().optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).optional(),
  healthcheck: z.strictObject({ disable: z.literal(true) }).optional(),
  restart: z.string().regex(/^on-failure:\d+$/),
});
const composition = z.strictObject({
  name: z.string(),
  'x-program': z.unknown(),
  services: z.record(z.string(), container),
  networks: z.record(z.string(), z.strictObject({})),
  volumes: z.record(z.string(), z.strictObject({})),
});

describe('deploy/compose.yaml', () => {
  const { services, networks, volumes } = composition.parse(parse(read('compose.yaml'), { merge: true }));
  const all = Object.entries(services);

  it('starts a coordinator and every client of the run that it names, by commands that can be typed', () => {
    for (const [, { command }] of all) expect(faultOf(command)).toBe('');
    const files = all.flatMap(([, { command }]) => command.filter((word) => word.endsWith('.yaml')));
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    const run = readRun(
      join(
        ROOT,
        files.find((file) => file.endsWith('run.yaml'))!,
      ),
      ['listen.host=0.0.0.0'],
    );
    const folder = 'examples/students';
    expect(files.filter((file) => !file.endsWith('run.yaml'))).toEqual(run.clients!.map((file) => `${folder}/${file}`));
  });

  it('names only networks, volumes and services that it has, and a Dockerfile that is there', () => {
    for (const [, one] of all) {
      expect(one.networks.filter((name) => !(name in networks))).toEqual([]);
      expect((one.volumes ?? []).filter((text) => !(text.split(':')[0]! in volumes))).toEqual([]);
      expect(Object.keys(one.depends_on ?? {}).filter((name) => !(name in services))).toEqual([]);
      expect(existsSync(join(ROOT, 'deploy', one.build.context, one.build.dockerfile))).toBe(true);
    }
  });
});

describe('deploy/systemd', () => {
  const units = readdirSync(join(ROOT, 'deploy/systemd'));
  const analyze = existsSync('/usr/bin/systemd-analyze');
  if (!analyze) process.stderr.write('deploy.test.ts: no systemd-analyze here: units are only read\n');

  it.each(units)('%s starts a command that can be typed, again and again within a bound', (unit) => {
    const text = read(`systemd/${unit}`);
    const [, line = ''] = /^ExecStart=\/usr\/bin\/node (.*)$/m.exec(text) ?? [];
    const words = line.split(' ').filter((word) => !/^--(initial-old|max-semi|single-threaded)|^\$OPTIONS$/.test(word));
    expect(faultOf(words.map((word) => word.replace('${COORDINATOR}', 'https://h:1')))).toBe('');
    for (const needed of [
      'Restart=on-failure',
      'StartLimitBurst=',
      'TimeoutStopSec=',
      'DynamicUser=yes',
      'NoNewPrivileges=yes',
    ])
      expect(text).toContain(needed);
  });

  it.skipIf(!analyze).each(units)('%s holds before systemd-analyze: no fault, and an exposure below 2', (unit) => {
    const file = join(scratch, unit.replace('@', '@st-anna'));
    // Where Node lies differs from machine to machine.
    writeFileSync(file, read(`systemd/${unit}`).replace('/usr/bin/node', process.execPath));
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    const judged = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', file], {
      encoding: 'utf8',
    });
    expect([judged.status, /exposure level .*: ([\d.]+)/.exec(judged.stdout)?.[1]]).toEqual([0, expect.any(String)]);
  });
});

/** Rendering it takes helm, which no test machine has: what is checked is what can be read. */
describe('deploy/helm', () => {
  const values = parse(read('helm/trunkline/values.yaml')) as Record<string, unknown>;
  const templates = readdirSync(join(ROOT, 'deploy/helm/trunkline/templates'));
  const text = templates.map((name) => read(`helm/trunkline/templates/${name}`)).join('\n');

  it('uses every value that it offers and none that it does not', () => {
    const used = [...text.matchAll(/\.Values\.([\w.]+)/g)].map(([, path]) => path!);
    for (const path of used) {
      const found = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], values);
      expect(found, path).toBeDefined();
    }
    expect(Object.keys(values).filter((key) => !used.some((path) => path.split('.')[0] === key))).toEqual([]);
  });

  it('closes what it opens, keeps to one pod, no root and no service account, and starts a command that can be typed', () => {
    expect(text.match(/\{\{-? if /g)!.length).toBe(text.match(/\{\{-? end /g)!.length);
    for (const needed of ['replicas: 1', 'runAsNonRoot: true', 'automountServiceAccountToken: false', 'drop: [ALL]'])
      expect(text).toContain(needed);
    const args = [...text.slice(text.indexOf('args:'), text.indexOf('ports:')).matchAll(/^ +- (\S+)$/gm)];
    expect(faultOf(args.map(([, word]) => word!))).toBe('');
    expect(args.length).toBeGreaterThan(8);
  });

  it('gives a run file that is one', () => {
    writeFileSync(join(scratch, 'run.yaml'), values['run'] as string);
    expect(readRun(join(scratch, 'run.yaml')).expect).toEqual(['pneumonia', 'breast', 'blood']);
    expect(parse(read('helm/trunkline/Chart.yaml'))).toMatchObject({ apiVersion: 'v2', name: 'trunkline' });
  });
});
