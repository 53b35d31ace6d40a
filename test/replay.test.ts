import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readRun, startCoordinator, type Coordinator, type RunEvent } from '@trunkline/coordinator';
import { Decoder } from '@trunkline/protocol';
import { openProxy } from './faults/proxy.ts';
import { THIN_INPUT, thinRunFile } from './wire/measured-coordinator.ts';
import { openRawLine } from './wire/raw-line.ts';
import { openThinClient } from './wire/thin-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parameters = 40_000;
const gradients = { far: 1, near: 2 };
const gradientOf = (client: 'far' | 'near') => (round: number) =>
  Float32Array.from({ length: parameters }, (_, i) => Math.sin(i * gradients[client] + round) * 0.01);

interface Sent {
  readonly event: string;
  readonly message: { round?: number; transfer?: string };
  readonly id: number | undefined;
  readonly frames: readonly Uint8Array[];
}

/** Takes apart what a client wrote to its socket: HTTP upgrade, WebSocket frames masked with zeros, packets. */
function packetsIn(bytes: Buffer): Sent[] {
  const sent: Sent[] = [];
  let frames: Uint8Array[] = [];
  const decoder = new Decoder();
  decoder.on('decoded', ({ type, id, data }: { type: number; id?: number; data?: [string, Sent['message']] }) => {
    if (type === 2) sent.push({ event: data![0], message: data![1], id, frames });
    frames = [];
  });
  for (let at = bytes.indexOf('\r\n\r\n') + 4; at < bytes.length;) {
    const short = bytes[at + 1]! & 0x7f;
    const begin = at + (short < 126 ? 6 : short === 126 ? 8 : 14);
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const payload = Uint8Array.from(bytes.subarray(begin, begin + length));
    const binary = (bytes[at]! & 0x0f) === 2;
    at = begin + length;
    if (!binary) continue;
    frames.push(payload);
    decoder.add(payload);
  }
  return sent;
}

async function start(name: string, heard: RunEvent[] = []): Promise<Coordinator> {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, thinRunFile({ parameters, tasks: ['far', 'near'], rounds: 3 }));
  return startCoordinator(readRun(file, []), { folder: join(folder, name), sinks: [(event) => heard.push(event)] });
}

const clientOf = (client: 'far' | 'near', url: string, delay?: (round: number) => Promise<void>) =>
  openThinClient({
    ...{ url, client, task: client, input: THIN_INPUT, gradient: gradientOf(client) },
    ...(delay ? { delay } : {}),
  });

async function undisturbed(): Promise<string> {
  const coordinator = await start('straight');
  const clients = [clientOf('far', coordinator.url), clientOf('near', coordinator.url)];
  const outcome = await coordinator.done;
  for (const client of clients) client.close();
  await coordinator.close();
  if (outcome.kind !== 'finished') throw new Error(`the run ended ${outcome.kind}`);
  return outcome.sha256;
}

it('takes nothing of a recorded session from another client, in another round or in another run, and the trunk is the same', async () => {
  const expected = await undisturbed();
  const heard: RunEvent[] = [];
  const coordinator = await start('disturbed', heard);
  const lines = new Map<number, Buffer[]>();
  const proxy = await openProxy(coordinator.url, (line, direction, bytes) => {
    if (direction === 'up') lines.set(line, [...(lines.get(line) ?? []), Buffer.from(bytes)]);
  });
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const far = clientOf('far', proxy.url);
  const near = clientOf('near', coordinator.url, (round) => (round === 1 ? gate : Promise.resolve()));
  while (!far.events.some(({ what, detail }) => what === 'sent' && detail === 1))
    await new Promise((resolve) => setTimeout(resolve, 10));
  far.close();
  while (!heard.some(({ event }) => event === 'left')) await new Promise((resolve) => setTimeout(resolve, 10));

  // The first line is the question for a challenge, the second the session.
  const session = [...lines.values()]
    .map((parts) => packetsIn(Buffer.concat(parts)))
    .find((packets) => packets.length > 0)!;
  const claims = ['contribution', 'chunk', 'answered', 'scores'];
  const kinds = new Set(session.map(({ event }) => event));
  for (const kind of ['join', 'contribution', 'chunk', 'answered']) expect(kinds).toContain(kind);

  const replayed = async (url: string, client: string, packets: readonly Sent[]) => {
    const line = await openRawLine(url, client);
    const accepted: string[] = [];
    for (const { event, message, id, frames } of packets) {
      line.send(frames);
      const reply = await line.reply(id!);
      if (reply?.ok) accepted.push(`${event} ${message.round ?? message.transfer ?? ''}`);
    }
    line.close();
    return accepted;
  };
  // Whoever knocks may say hello; of the session itself nothing is taken.
  const strangers = await replayed(coordinator.url, 'thief', session);
  expect(strangers.filter((one) => !one.startsWith('hello'))).toEqual([]);
  // Its own client's earlier round.
  const old = session.filter(
    ({ event, message }) =>
      claims.includes(event) && (message.round === 0 || message.transfer?.startsWith('contribution/0/')),
  );
  expect(old.length).toBeGreaterThan(2);
  expect(await replayed(coordinator.url, 'far', old)).toEqual([]);
  // Another run, with the same clients and the same trunk.
  const other = await start('other');
  const elsewhere = await replayed(other.url, 'far', session);
  expect(elsewhere.filter((one) => !/^(hello|join)/.test(one))).toEqual([]);
  await other.close();

  const back = clientOf('far', coordinator.url);
  release();
  const outcome = await coordinator.done;
  expect(outcome.kind === 'finished' && outcome.sha256).toBe(expected);
  for (const client of [back, near]) client.close();
  await proxy.close();
  await coordinator.close();
});
