import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { knock } from '@trunkline/protocol/line';
import { invite, verifyAudit } from '@trunkline/coordinator';
import { identityFromSeed } from '@trunkline/protocol/seal';
import { writeSmallRun } from './bad-input/small-run.ts';
import { comeAsGuest } from './door/guest.ts';
import { holding, saying, strangerAt, type Stranger } from './door/stranger.ts';
import { COORDINATOR_FLAGS, runChild } from './simulate/child.ts';
import { gaugeOf, readGauge } from './wire/read-gauge.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-strangers-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** `npm run test:full` sets TRUNKLINE_FULL: 10,000 strangers, 500 at a time. */
const WAVES = process.env['TRUNKLINE_FULL'] ? 20 : 1;
const AT_ONCE = 500;
/** Connections that are opened at the same moment: a wave must stand before the door has shown its first ones out. */
const TOGETHER = 50;
/** The guest has trained so far when the last wave comes, and goes on among them. */
const HELD_AT = 150;
const BYTES_EACH = 64 * 1024;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it(
  `${WAVES * AT_ONCE} strangers cost 64 KB each at the most and learn nothing of the run, and who was invited before it began trains meanwhile`,
  async () => {
    const file = writeSmallRun(join(temporary, 'small'));
    const folder = join(temporary, 'zebrafish');
    const guest = identityFromSeed(new Uint8Array(32).fill(1));
    const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));
    const token = invite('south', { folder, now: new Date(), hours: 1, random }).token;

    let listening: (url: string) => void = () => undefined;
    const address = new Promise<string>((resolve) => (listening = resolve));
    const settings = ['run=zebrafish', 'expect=[dogs]', 'rounds=300', 'evaluateEvery=300', 'probeEvery=0'];
    const gauge = join(temporary, 'gauge.jsonl');
    const coordinator = runChild({
      entry: 'apps/coordinator/dist/main.js',
      node: [...COORDINATOR_FLAGS, ...gaugeOf(gauge).node],
      env: gaugeOf(gauge).env,
      args: ['start', file, ...settings.flatMap((one) => ['--set', one]), '--folder', folder, '--format', 'jsonl'],
      log: join(temporary, 'coordinator.log'),
      heard: (line) => line['event'] === 'listening' && listening(String(line['url'])),
    });
    const url = await address;
    const pid = coordinator.process.pid!;
    const uninvited = identityFromSeed(new Uint8Array(32).fill(2));
    const wave = async (count: number): Promise<Stranger[]> => {
      const words = saying(await knock({ url, client: 'south', identity: uninvited, route: {} }));
      const spoken = Array.from({ length: count }, (_, i) => {
        const from = i % 2 === 0 ? words : holding;
        return from[(i >> 1) % from.length]!;
      });
      const strangers: Stranger[] = [];
      for (let i = 0; i < count; i += TOGETHER)
        strangers.push(...(await Promise.all(spoken.slice(i, i + TOGETHER).map((said) => strangerAt(url, said)))));
      await pause(300);
      return strangers;
    };
    const leave = async (strangers: readonly Stranger[]) => {
      for (const { socket } of strangers) socket.destroy();
      await pause(100);
    };

    // What they hold, not what they left for the next collection, which comes when the process thinks fit.
    const resident = async () => (await readGauge(coordinator, gauge)).rss;
    // What the first strangers bring into memory is code.
    await leave(await wave(64));
    const before = await resident();
    const heard: string[] = [];
    let most = 0;
    let trained: Promise<{ kind: string }> | undefined;
    // A run that is over has no door for the waves that are left.
    let last: () => void = () => undefined;
    const lastWave = new Promise<void>((resolve) => (last = resolve));
    const delay = (round: number) => (round === HELD_AT ? lastWave : Promise.resolve());
    for (let i = 0; i < WAVES; i++) {
      const strangers = await wave(AT_ONCE);
      // It takes them in when it comes to it.
      await expect
        .poll(() => readdirSync(`/proc/${pid}/fd`).length, { timeout: 10_000, interval: 20 })
        .toBeGreaterThan(AT_ONCE / 2);
      most = Math.max(most, (await resident()) - before);
      trained ??= comeAsGuest({
        url,
        file: join(temporary, 'small', 'south.yaml'),
        identity: guest,
        token,
        delay,
      }).done;
      if (i === WAVES - 1) {
        last();
        expect((await trained).kind).toBe('finished');
      }
      heard.push(...strangers.map((stranger) => stranger.heard()));
      await leave(strangers);
    }
    expect((await coordinator.exited).code).toBe(0);

    expect(most / AT_ONCE).toBeLessThan(BYTES_EACH);
    const told = heard.join('\n').toLowerCase();
    expect(told).toContain('admission_refused');
    const { trunk } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { trunk: { digest: string } };
    const secrets = [
      'zebrafish',
      'dogs',
      'cats',
      'south',
      'dense',
      'relu',
      'adam',
      'rounds',
      temporary,
      trunk.digest,
      token,
    ];
    expect(secrets.filter((secret) => told.includes(secret.toLowerCase()))).toEqual([]);
    verifyAudit(join(folder, 'audit.jsonl'));
    console.log(`strangers: ${Math.round(most / AT_ONCE / 1024)} KB each`);
  },
  60_000 * WAVES,
);
