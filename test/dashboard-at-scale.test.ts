import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { openViewer } from '@trunkline/coordinator';
import { launch, openPage, program } from './dashboard/browser.ts';
import { recordLongRun } from './dashboard/recorded-runs.ts';

const runs = mkdtempSync(join(tmpdir(), 'trunkline-dashboard-'));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

describe.skipIf(program === undefined)('the dashboard of a large run', () => {
  it('opens 1,000 clients over 100,000 rounds within 2 s, scrolls smoothly, and finds a client', async () => {
    recordLongRun(runs, { clients: 1_000, rounds: 100_000 });
    const viewer = await openViewer(runs, { port: 0, now: () => new Date() });
    onTestFinished(() => viewer.close());
    const browser = await launch();
    onTestFinished(() => browser.close());
    const look = () => openPage(browser, `${viewer.url}?run=long`, { scheme: 'light', width: 1280 });
    // The better of two: others may use this machine.
    const before = await look();
    await before.close();
    const { page, problems, ms: again, close } = await look();
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
});
