import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clientCli } from '@trunkline/client';
import { coordinatorCli } from '@trunkline/coordinator';
import { writeSmallRun } from './bad-input/small-run.ts';
import { start, type Running } from './bad-input/told.ts';
import { dataOf, runData, seedsData } from './cli/envelope.ts';
import { childrenOf, isAlive } from './cli/processes.ts';
import { simulateCli } from './simulate/cli.ts';

const LIMIT = 60_000;
/** Rounds that no test waits for. */
const ENDLESS = ['--set', 'rounds=1000000', '--set', 'evaluateEvery=50'];

let folder: string;
let run: string;
const running: Running[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-cli-'));
  run = writeSmallRun(folder);
});
afterEach(() => running.splice(0).forEach(({ child }) => child.kill('SIGKILL')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function begin(...command: Parameters<typeof start>[0]): Running {
  const one = start(command);
  running.push(one);
  return one;
}
const simulate = (...args: string[]) => begin('simulate', run, '--runs', join(folder, 'runs'), ...args);

/** Sends Ctrl-C; the exit code, and how long it took. */
async function interrupt({ child, told }: Running): Promise<{ code: number | null; stdout: string; seconds: number }> {
  const begun = performance.now();
  child.kill('SIGINT');
  const { code, stdout } = await told;
  return { code, stdout, seconds: (performance.now() - begun) / 1000 };
}

describe('simulate', () => {
  it(
    'prints exactly one envelope, with every figure that it promises and no other',
    async () => {
      const report = join(folder, 'report.html');
      const { code, stdout } = await simulate('--alone', '--report', report, '--format', 'json').told;
      expect(code).toBe(0);
      expect(readFileSync(report, 'utf8')).toContain('"run":"small"');
      const data = dataOf(runData, stdout);
      expect(data).toMatchObject({ run: 'small', rounds: 4, trunk: { parameters: 40 } });
      expect(data.tasks.map(({ task, client, metric }) => [task, client, metric])).toEqual([
        ['cats', 'north', 'accuracy'],
        ['dogs', 'south', 'accuracy'],
      ]);
      for (const { together, alone, delta, metrics } of data.tasks) {
        expect(metrics).toEqual({ accuracy: { together, alone } });
        expect(delta).toBeCloseTo(together! - alone!, 12);
      }
      const gains = data.tasks.map(({ together, alone }) => ((together! - alone!) / Math.abs(alone!)) * 100);
      expect(data.deltaM).toBeCloseTo((gains[0]! + gains[1]!) / 2, 9);
      expect(data.bytes).not.toBeNull();
      expect(existsSync(join(data.folder, 'result.json'))).toBe(true);
    },
    LIMIT,
  );

  it(
    'with seeds gives means, spreads and each run whole; without --alone nothing is compared',
    async () => {
      const { code, stdout } = await simulate('--in-process', '--seeds', '2', '--format', 'json').told;
      expect(code).toBe(0);
      const data = dataOf(seedsData, stdout);
      expect(data).toMatchObject({ deltaM: null, deltaMSd: null, bytes: null });
      expect(data.runs).toHaveLength(2);
      expect(new Set(data.runs.map(({ trunk }) => trunk.sha256)).size).toBe(2);
      data.tasks.forEach(({ together, alone, delta, sd }, i) => {
        const [a, b] = data.runs.map(({ tasks }) => tasks[i]!.together!) as [number, number];
        expect(together).toBeCloseTo((a + b) / 2, 12);
        expect(sd.together).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
        expect([alone, delta, sd.alone, sd.delta]).toEqual([null, null, null, null]);
      });
    },
    LIMIT,
  );

  it(
    'prints a table for people, on stdout alone',
    async () => {
      const { code, stdout } = await simulate('--in-process').told;
      expect(code).toBe(0);
      expect(
        stdout
          .replaceAll(/\d+\.\d+/g, 'X')
          .replaceAll(folder, '~')
          .replaceAll(/small-\d+/g, 'small-N'),
      ).toMatchInlineSnapshot(`
        "
        task  client    metric  score
        cats   north  accuracy  X
        dogs   south  accuracy  X
        4 rounds in X s
        folder: ~/runs/small-N
        "
      `);
    },
    LIMIT,
  );

  it(
    'in one process hears Ctrl-C between two rounds, and leaves no folder',
    async () => {
      const runs = join(folder, 'stopped');
      const one = begin('simulate', run, '--in-process', '--seeds', '2', '--runs', runs, ...ENDLESS);
      await one.until(/seed 1 \(1 of 2\)/);
      const { code, seconds } = await interrupt(one);
      expect(code).toBe(130);
      expect(seconds).toBeLessThan(5);
      expect(readdirSync(runs)).toEqual([]);
    },
    LIMIT,
  );
});

describe.skipIf(process.platform !== 'linux')('processes of a simulation', () => {
  it(
    'all end within five seconds of Ctrl-C',
    async () => {
      const one = simulate('--format', 'json', ...ENDLESS);
      await one.until(/Trunk 50 of/);
      const children = childrenOf(one.child.pid!);
      expect(children).toHaveLength(3);
      const { code, stdout, seconds } = await interrupt(one);
      expect(code).toBe(130);
      expect(seconds).toBeLessThan(5);
      expect(JSON.parse(stdout)).toMatchObject({ schema: 1, status: 'error', error: { code: 'INTERRUPTED' } });
      expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
    },
    LIMIT,
  );

  it(
    'all end when one client is killed, and which one is said',
    async () => {
      const one = simulate('--format', 'json', ...ENDLESS);
      await one.until(/Trunk 50 of/);
      const children = childrenOf(one.child.pid!);
      process.kill(children.find(({ command }) => command.includes('south.yaml'))!.pid, 'SIGKILL');
      const { code, stdout } = await one.told;
      expect(code).toBe(42);
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string; hint: string } };
      expect(error.code).toBe('CLIENT_FAILED');
      expect(error.message).toContain('Client south ended by signal SIGKILL: ');
      expect(error.hint).toContain('logs/');
      expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
    },
    LIMIT,
  );
});

it(
  'Ctrl-C in mid-run ends a client, a coordinator, and a client whose coordinator is gone, each with 130',
  async () => {
    const coordinator = begin(
      'coordinator',
      'start',
      run,
      '--format',
      'jsonl',
      '--runs',
      join(folder, 'own'),
      ...ENDLESS,
    );
    const [, url = ''] = await coordinator.until(/"url":"(http[^"]+)"/);
    const [north, south] = ['north', 'south'].map((name) =>
      begin('client', 'join', url, join(folder, `${name}.yaml`), '--yes', '--state', join(folder, 'state')),
    ) as [Running, Running];
    await coordinator.until(/"event":"round"/);
    for (const one of [north, coordinator, south]) {
      const { code, seconds } = await interrupt(one);
      expect(code).toBe(130);
      expect(seconds).toBeLessThan(5);
    }
    const { stdout } = await coordinator.told;
    // stdout is data alone: each line is an event.
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events[0]).toBe('listening');
    expect(events.at(-1)).toBe('stopped');
  },
  LIMIT,
);

describe('help', () => {
  const ignore = () => undefined;
  const commands = [...clientCli(ignore).commands, ...coordinatorCli(ignore).commands, simulateCli(ignore)];
  it.each(commands.map((command) => [command.name(), command] as const))(
    'of %s has an example that parses',
    (_, command) => {
      const example = /npm run (?:\w+) -- (.*)/.exec(helpOf(command))![1]!;
      const args = example.split(' ');
      const parsed = command.parseOptions(command.parent ? args.slice(1) : args);
      expect(parsed.unknown).toEqual([]);
      const needed = command.registeredArguments.filter(({ required }) => required).length;
      expect(parsed.operands.length).toBeGreaterThanOrEqual(needed);
      expect(parsed.operands.length).toBeLessThanOrEqual(command.registeredArguments.length);
    },
  );
});

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
  return help;
}
