import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  emptyHistory,
  keepHistory,
  openViewer,
  readRun,
  startCoordinator,
  take,
  writeReport,
  type RunEvent,
} from '@trunkline/coordinator';

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (program === undefined)
  process.stderr.write('dashboard.test.ts: no chromium here (apt-get install chromium): skipped\n');

const runs = mkdtempSync(join(tmpdir(), 'trunkline-dashboard-'));
afterAll(() => rmSync(runs, { recursive: true, force: true }));
const CLIENTS = 1_000;
const ROUNDS = 100_000;
/** Each round a few answer: what a run of so many clients selects. */
const SELECTED = 4;

/** A finished run of many clients, kept as its coordinator keeps it when it ends. */
function recordLongRun(): void {
  const folder = join(runs, 'long');
  mkdirSync(folder);
  const history = emptyHistory();
  const tell = (event: RunEvent, second: number) => take(history, event, new Date(second * 1_000));
  const names = Array.from({ length: CLIENTS }, (_, i) => `client-${String(i).padStart(4, '0')}`);
  tell({ event: 'listening', run: 'long', url: 'http://127.0.0.1:1', dashboard: null, folder }, 0);
  for (const client of names) {
    const tasks = [`task-${client}`];
    tell({ event: 'joined', client, tasks, labelled: { [tasks[0]!]: 9 }, backend: 'cpu', again: false }, 1);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const here = Array.from({ length: SELECTED }, (_, i) => names[(round * SELECTED + i) % CLIENTS]!);
    const each = <T>(value: (i: number) => T, prefix = '') =>
      Object.fromEntries(here.map((name, i) => [prefix + name, value(i)]));
    const losses = each((i) => 1 / (1 + round / 9_000) + i / 50 + (round % 7) / 20, 'task-');
    tell(
      {
        ...{ event: 'round', round, attempt: 0, losses, weights: each(() => 1, 'task-'), stationary: false },
        clients: each((i) => ({ waitMs: i, stepMs: 5, sendMs: 1, rows: 32, up: 100, down: 100 })),
        timing: { answersMs: 9, aggregateMs: 1, roundMs: 11 },
        bytes: { up: 400, down: 400 },
      },
      2 + round,
    );
  }
  tell({ event: 'finished', rounds: ROUNDS, sha256: 'f'.repeat(64) }, 3 + ROUNDS);
  const line = { schema: 1, at: new Date(0).toISOString(), event: 'finished', rounds: ROUNDS, sha256: 'f'.repeat(64) };
  writeFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(line)}\n`);
  keepHistory(folder, history);
}

/** A run whose process was killed after its third round. */
function recordKilledRun(): void {
  mkdirSync(join(runs, 'killed'));
  const [listening, joined, one, two, three] = shortRun('killed');
  const scores = shortRun('killed').find(({ event }) => event === 'scores')!;
  writeFileSync(
    join(runs, 'killed', 'events.jsonl'),
    `${logged([listening!, joined!, one!, two!, three!, scores])}{"schema":1,"ev`,
  );
  writeFileSync(join(runs, 'killed', 'config.yaml'), 'rounds: 9\n');
}

const logged = (events: readonly RunEvent[]): string =>
  events
    .map((event, i) => `${JSON.stringify({ schema: 1, at: new Date(i * 1000).toISOString(), ...event })}\n`)
    .join('');

/** Two small runs with scores and conflicts, told by their logs alone. */
function recordShortRun(name: string): void {
  mkdirSync(join(runs, name));
  writeFileSync(join(runs, name, 'events.jsonl'), logged(shortRun(name)));
  const gain = { task: 'cats', client: 'a', metric: 'auroc', together: 0.9, alone: 0.8, delta: 0.1 };
  const result = { deltaM: 12.5, tasks: [{ ...gain, metrics: { auroc: { together: 0.9, alone: 0.8 } } }] };
  writeFileSync(join(runs, name, 'result.json'), JSON.stringify(result));
}

function shortRun(name: string): RunEvent[] {
  const tasks = ['cats', 'dogs'];
  return [
    { event: 'listening', run: name, url: 'http://127.0.0.1:1', dashboard: null, folder: join(runs, name) },
    { event: 'joined', client: 'a', tasks, labelled: { cats: 9, dogs: 9 }, backend: 'cpu', again: false },
    ...Array.from({ length: 30 }, (_, round): RunEvent => ({
      ...{ event: 'round', round, attempt: 0, losses: { cats: 1 / (round + 1), dogs: null }, stationary: false },
      ...{ weights: { cats: 0.6, dogs: 0.4 }, bytes: { up: 9, down: 9 } },
      clients: { a: { waitMs: 1, stepMs: 2, sendMs: 1, rows: 8, up: 9, down: 9 } },
      timing: { answersMs: 4, aggregateMs: 1, roundMs: 6 },
    })),
    { event: 'conflicts', round: 29, tasks, cosines: [1, -0.4, -0.4, 1], norms: [1, 2] },
    {
      ...{ event: 'scores', version: 30, split: 'validation' },
      tasks: [{ task: 'cats', client: 'a', loss: 0.1, metrics: { auroc: 0.9 } }],
    },
    { event: 'left', client: 'a', reason: '<img src=x onerror="document.title=1"></script>' },
    { event: 'finished', rounds: 30, sha256: 'a'.repeat(64) },
  ];
}

describe.skipIf(program === undefined)('the dashboard in a browser', () => {
  let browser: Browser;
  let viewer: Awaited<ReturnType<typeof openViewer>>;
  beforeAll(async () => {
    recordShortRun('one');
    recordShortRun('two');
    recordLongRun();
    recordKilledRun();
    viewer = await openViewer(runs, { port: 0, now: () => new Date() });
    browser = await chromium.launch({ executablePath: program!, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await viewer?.close();
  });

  const open = async (url: string, colorScheme: 'light' | 'dark', width: number, shows = '#curves canvas') => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: false });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      const at = new URL(request.url());
      if (!['127.0.0.1', ''].includes(at.hostname)) problems.push(`asked for ${at.href}`);
    });
    const began = performance.now();
    await page.goto(url);
    await page.waitForSelector(shows);
    return { page, problems, ms: performance.now() - began, close: () => context.close() };
  };
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
  /** Impact and rule of what axe-core finds. It is put in by the debugger, which the page's policy does not concern. */
  const accessibility = async (page: Awaited<ReturnType<typeof open>>['page']): Promise<string[]> => {
    await page.evaluate(axe);
    return page.evaluate(async () => {
      const { axe: checker } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { impact: string; id: string }[] }> };
      };
      return (await checker.run()).violations.map(({ impact, id }) => `${impact} ${id}`);
    });
  };

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)(
    'shows two runs over each other, %s at %i pixels, without an error or a serious violation',
    async (scheme, width) => {
      const { page, problems, close } = await open(`${viewer.url}?run=one&run=two`, scheme, width);
      expect(await page.getAttribute('html', 'data-theme')).toBe(scheme);
      expect(await page.textContent('#conflicts')).toContain('−0.40');
      expect(await page.textContent('#gains')).toContain('▲ +0.1');
      expect(await page.textContent('#events')).toContain('onerror="document.title=1"');
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect((await accessibility(page)).filter((found) => /^(serious|critical)/.test(found))).toEqual([]);
      // The list of runs in the same window.
      await page.goto(viewer.url);
      await page.waitForSelector('table.runs');
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect((await accessibility(page)).filter((found) => /^(serious|critical)/.test(found))).toEqual([]);
      expect(problems).toEqual([]);
      await close();
    },
  );

  it('lists runs with state, rounds, score and Δm, read from the ends of their logs', async () => {
    const { page, close } = await open(viewer.url, 'light', 1280, 'table.runs');
    const lines = await page.locator('table.runs tbody tr').allInnerTexts();
    const cells = new Map(
      lines.map((line) => {
        const [, name, ...rest] = line.split('\t').map((cell) => cell.trim());
        return [name, rest.slice(0, 4)];
      }),
    );
    expect(Object.fromEntries(cells)).toEqual({
      one: ['■ finished', '30 of ?', 'auroc 0.9 (test)', '▲ +12.5 %'],
      two: ['■ finished', '30 of ?', 'auroc 0.9 (test)', '▲ +12.5 %'],
      long: ['■ finished', '100000 of ?', '–', '–'],
      killed: ['? unfinished', '3 of 9', 'auroc 0.9 (validation)', '–'],
    });
    await close();
  });

  it('opens 1,000 clients over 100,000 rounds within 2 s, scrolls smoothly, and finds a client', async () => {
    // The better of two: others may use this machine.
    const before = await open(`${viewer.url}?run=long`, 'light', 1280);
    await before.close();
    const { page, problems, ms: again, close } = await open(`${viewer.url}?run=long`, 'light', 1280);
    const ms = Math.min(before.ms, again);
    const frames = await page.evaluate<number[]>(`new Promise((done) => {
      const times = [];
      let before = performance.now();
      const step = (now) => {
        times.push(now - before);
        before = now;
        scrollBy(0, 40);
        if (times.length < 60) requestAnimationFrame(step); else done(times.sort((a, b) => a - b));
      };
      requestAnimationFrame(step);
    })`);
    process.stderr.write(
      `opened in ${Math.round(ms)} ms; frames: median ${frames[30]!.toFixed(1)} ms, 95 % ${frames[57]!.toFixed(1)} ms\n`,
    );
    expect(ms).toBeLessThan(2_000);
    expect(frames[30]).toBeLessThan(50);
    // Pixels of the very opacity with which a band is filled, against those of another that only the rims of lines have.
    const [shaded, rims] = await page.evaluate<[number, number]>(`(() => {
      const canvas = document.querySelector('#curves canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const found = [0, 0];
      for (let i = 3; i < data.length; i += 4)
        [0x2e, 0x60].forEach((opacity, k) => (found[k] += Math.abs(data[i] - opacity) <= 2));
      return found;
    })()`);
    expect(shaded).toBeGreaterThan(200);
    expect(shaded).toBeGreaterThan(3 * rims);
    await page.fill('#filter', 'client-0777');
    expect(await page.locator('#clients tbody tr').count()).toBe(1);
    expect(problems).toEqual([]);
    await close();
  });

  it('writes the same pictures into one file that asks for nothing', async () => {
    const file = join(runs, 'report.html');
    writeReport([join(runs, 'one'), join(runs, 'two')], file, new Date());
    const { page, problems, close } = await open(`file://${file}`, 'dark', 1280);
    expect(await page.textContent('#conflicts')).toContain('−0.40');
    expect(await page.title()).toBe('one · Trunkline');
    expect(await page.textContent('#head')).toContain('compared with two');
    expect(problems).toEqual([]);
    await close();
  });

  it('follows a live run: the join command, who is waited for, and that the line is gone', async () => {
    const config = readRun(join(import.meta.dirname, '../examples/hospitals/run.yaml'), ['listen.port=0']);
    const coordinator = await startCoordinator(config, { folder: join(runs, 'live') });
    const address = `${coordinator.url}/dashboard/`;
    const stranger = await fetch(`${address}figures.json`, { headers: { authorization: 'Bearer x' } });
    expect(stranger.status).toBe(200); // loopback asks for no token
    await stranger.arrayBuffer();
    const context = await browser.newContext({ colorScheme: 'dark' });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    const following = page.waitForResponse(/changes/);
    await page.goto(address);
    await page.waitForSelector('#curves');
    expect((await following).status()).toBe(200);
    expect(await page.textContent('#head')).toContain(`npm run client -- join ${coordinator.url} CLIENT.yaml`);
    expect(await page.textContent('#state')).toContain('gathering');
    expect((await accessibility(page)).filter((found) => /^(serious|critical)/.test(found))).toEqual([]);
    await page.click('#theme');
    expect(await page.getAttribute('html', 'data-theme')).toBe('light');
    expect(problems).toEqual([]);
    await coordinator.close();
    await page.locator('#state', { hasText: 'no connection' }).waitFor();
    await context.close();
  });

  it('off loopback asks for the token, says when it is another, and shows the run with the right one', async () => {
    const config = readRun(join(import.meta.dirname, '../examples/hospitals/run.yaml'), [
      'listen.port=0',
      'listen.host=0.0.0.0',
    ]);
    const coordinator = await startCoordinator(config, { folder: join(runs, 'token'), insecure: true });
    const address = `http://127.0.0.1:${new URL(coordinator.url).port}/dashboard/`;
    const refused = await fetch(`${address}figures.json`);
    expect(refused.status).toBe(401);
    expect(await refused.text()).toContain('admission/dashboard.token');
    const { page, problems, close } = await open(address, 'light', 360, '#token');
    expect(await page.textContent('main')).toContain('it stands in admission/dashboard.token of the run folder');
    expect(await page.textContent('main')).not.toContain('not the one');
    expect((await accessibility(page)).filter((found) => /^(serious|critical)/.test(found))).toEqual([]);
    await page.fill('#token', 'guessed');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=alert]');
    expect(await page.textContent('[role=alert]')).toContain('That token is not the one of this run');
    await page.fill('#token', readFileSync(join(runs, 'token', 'admission', 'dashboard.token'), 'utf8'));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#curves');
    expect(await page.textContent('#state')).toContain('gathering');
    expect(problems).toEqual([]);
    await close();
    await coordinator.close();
  });
});
