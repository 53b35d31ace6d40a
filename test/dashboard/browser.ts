import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

/** The browser of this machine; undefined where it has none, and what needs one is skipped. */
export const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (program === undefined)
  process.stderr.write('no chromium here (apt-get install chromium): the dashboard is not looked at\n');

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: program!, args: ['--no-sandbox'] });

export interface Opened {
  readonly page: Page;
  /** Errors and warnings, and whatever it asked another machine for. */
  readonly problems: string[];
  /** Until what it `shows` was there. */
  readonly ms: number;
  readonly close: () => Promise<void>;
}

/** Opens an address in a window of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  { scheme, width, shows = '#curves canvas' }: { scheme: 'light' | 'dark'; width: number; shows?: string },
): Promise<Opened> {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 }, bypassCSP: false });
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
}
