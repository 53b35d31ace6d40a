import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openViewer, readRun, startCoordinator, writeReport } from '@trunkline/coordinator';
import { launch, openPage, program, type Opened } from './dashboard/browser.ts';
import { recordKilledRun, recordLongRun, recordShortRun } from './dashboard/recorded-runs.ts';

const runs = mkdtempSync(join(tmpdir(), 'trunkline-dashboard-'));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

describe.skipIf(program === undefined)('the dashboard in a browser', () => {
  let browser: Browser;
  let viewer: Awaited<ReturnType<typeof openViewer>>;
  beforeAll(async () => {
    recordShortRun(runs, 'one');
    recordShortRun(runs, 'two');
    recordLongRun(runs, { clients: 10, rounds: 1_000 });
    recordKilledRun(runs);
    viewer = await openViewer(runs, { port: 0, now: () => new Date() });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await viewer?.close();
  });

  const open = (url: string, scheme: 'light' | 'dark', width: number, shows?: string) =>
    openPage(browser, url, { scheme, width, ...(shows === undefined ? {} : { shows }) });
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
  /** Impact and rule of what axe-core finds. It is put in by the debugger, which the page's policy does not concern. */
  const accessibility = async (page: Opened['page']): Promise<string[]> => {
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
      long: ['■ finished', '1000 of ?', '–', '–'],
      killed: ['? unfinished', '3 of 9', 'auroc 0.9 (validation)', '–'],
    });
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
