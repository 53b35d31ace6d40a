import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeSnapshot } from '@trunkline/model/store';
import { arraysOf, searchFor } from './privacy/canaries.ts';
import type { Canaries } from './privacy/secret.ts';
import { gatherEvidence, leaksIn } from './privacy/evidence.ts';
import { payloads } from './privacy/recorder.ts';
import { writeTaintedRun } from './privacy/tainted-run.ts';
import { rehearse } from './simulate/in-process.ts';
import { readJob } from './simulate/job.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-privacy-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const NAMES = ['aviary', 'field'];
const clientsOf = (folder: string) => NAMES.map((name) => ({ name, file: join(folder, `${name}.yaml`) }));

const including = (...places: string[]): unknown => expect.arrayContaining(places);
const numbersOf = ({ numbers = [] }: Canaries): number[] => Array.from(numbers, (value) => value + 0);

const digestsOf = (events: readonly Record<string, unknown>[], client: string): unknown[] =>
  events.filter(({ event, from }) => event === 'scores' && from === client).map(({ digests }) => digests);

describe('the search itself', () => {
  const secret = [0.123456789, -2.71828182];
  const find = searchFor([{ name: 'secret', numbers: secret, texts: ['Kanarienvogel'] }]);
  const encodings: Record<string, Uint8Array> = {
    'float32 little': new Uint8Array(Float32Array.of(9, 9, ...secret, 9).buffer),
    'float64 little': new Uint8Array(Float64Array.of(9, ...secret).buffer),
    'float64 big': Buffer.from(new Uint8Array(Float64Array.of(...secret).buffer)).reverse(),
    'float32 big': Buffer.from(new Uint8Array(Float32Array.of(...secret).buffer)).reverse(),
    decimal: Buffer.from(`{"loss":${secret[0]}}`),
    'a rounded decimal': Buffer.from(`row 3: ${secret[1]!.toFixed(5)}`),
    base64: Buffer.from(`data: ${Buffer.from(Float32Array.of(...secret).buffer).toString('base64')}`),
    hexadecimal: Buffer.from(`data ${Buffer.from(Float64Array.of(...secret).buffer).toString('hex')}`),
    utf8: Buffer.from('class Kanarienvogel'),
    utf16le: Buffer.from('class Kanarienvogel', 'utf16le'),
  };

  it.each(Object.keys(encodings))('finds a secret as %s, wherever it begins', (name) => {
    for (let before = 0; before < 9; before++) {
      const bytes = Buffer.concat([Buffer.alloc(before, ' '), encodings[name]!, Buffer.alloc(3, ' ')]);
      expect(find(bytes)).not.toEqual([]);
      expect(find(bytes.subarray(0, before + 1))).toEqual([]);
    }
  });

  it('sees through the masks of WebSocket frames of every length', () => {
    const lengths = fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536);
    const frames = fc.array(fc.tuple(lengths, fc.uint8Array({ minLength: 4, maxLength: 4 })), { maxLength: 4 });
    fc.assert(
      fc.property(frames, (drawn) => {
        const clear = drawn.map(([length], i) => Buffer.alloc(length, 65 + i));
        const stream = drawn.map(([length, mask], i) => {
          const head = length < 126 ? [0x82, 0x80 | length] : [0x82, 0x80 | (length < 65_536 ? 126 : 127)];
          const size = Buffer.alloc(length < 126 ? 0 : length < 65_536 ? 2 : 8);
          if (size.length === 2) size.writeUInt16BE(length);
          if (size.length === 8) size.writeBigUInt64BE(BigInt(length));
          return Buffer.concat([Buffer.from(head), size, mask, clear[i]!.map((byte, k) => byte ^ mask[k % 4]!)]);
        });
        const request = Buffer.from('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n');
        expect(payloads(Buffer.concat([request, ...stream])).equals(Buffer.concat(clear))).toBe(true);
      }),
      { seed: 6, numRuns: 50 },
    );
  });
});

describe('heads, adapters, labels and data never leave', () => {
  it('while heads and adapters stay as they are: each of their values is searched alone', async () => {
    const folder = join(temporary, 'still');
    const canaries = writeTaintedRun(folder);
    const evidence = await gatherEvidence({ folder, run: join(folder, 'run.yaml'), clients: clientsOf(folder) });
    const begun = await rehearse(readJob(join(folder, 'run.yaml')));
    for (const { client, learner } of begun.seats) {
      const state = readFileSync(join(folder, 'state', client, 'tainted', client, 'state.safetensors'));
      // Beside what is the client's own lies the trunk that it was last sent.
      const { trunk: _, ...own } = decodeSnapshot(state) as Record<string, unknown>;
      const held = arraysOf(own, client);
      expect(held.length).toBeGreaterThan(1);
      canaries.push(...held);
      // At the end as at the beginning, but for a sign that a zero may take: what is searched is what was there in each round.
      const first = arraysOf(learner.snapshot(), client);
      expect(held.map(numbersOf)).toEqual(first.map(numbersOf));
    }
    begun.dispose();
    expect(evidence.get('up')!.length).toBeGreaterThan(10_000);
    expect(evidence.get('down')!.length).toBeGreaterThan(10_000);
    expect([...evidence.keys()].some((place) => place.startsWith('folder checkpoints'))).toBe(true);
    expect(leaksIn(evidence, searchFor(canaries))).toEqual([]);
  });

  it('while they move, in local steps and rows: the values of every round are searched', async () => {
    const folder = join(temporary, 'moving');
    const canaries = writeTaintedRun(folder, 'adam: { learningRate: 0.01 }');
    const overrides = ['mode={ local: { steps: 2 } }', 'exchange=rows'];
    const run = join(folder, 'run.yaml');
    const evidence = await gatherEvidence({ folder, run, overrides, clients: clientsOf(folder) });

    const rehearsal = await rehearse(readJob(run, overrides));
    for (let round = 0; round < rehearsal.plan.config.rounds; round++) {
      for (const { client, learner } of rehearsal.seats)
        for (const held of arraysOf(learner.snapshot(), `${client}, round ${round}`))
          canaries.push({ ...held, float32: 'neighbours' });
      rehearsal.keeper.advance(await rehearsal.answers(await rehearsal.round()));
    }
    for (const { client, learner } of rehearsal.seats) {
      // The same bytes as in the processes: what is searched is what was there.
      expect(digestsOf(evidence.events, client).at(-1)).toEqual(learner.digests());
      for (const held of arraysOf(learner.snapshot(), `${client}, at the end`))
        canaries.push({ ...held, float32: 'neighbours' });
    }
    rehearsal.dispose();
    expect(canaries.length).toBeGreaterThan(100);
    expect(leaksIn(evidence, searchFor(canaries))).toEqual([]);
  });

  it('and what is planted in a loss, a tensor, a log line and an error is found, each in its place', async () => {
    const folder = join(temporary, 'leaking');
    writeTaintedRun(folder);
    const plants = { loss: -0.71236543, tensor: -0.83465127, log: -0.64573219, error: -0.93217465 };
    const run = join(folder, 'run.yaml');
    const evidence = await gatherEvidence({
      folder,
      run,
      overrides: ['expect=[temper]'],
      clients: [
        {
          name: 'field',
          file: join(folder, 'field.yaml'),
          entry: 'test/dist/privacy/leaking-client.js',
          env: { TRUNKLINE_PLANT: Object.values(plants).join(',') },
        },
      ],
    });
    const found = Object.fromEntries(
      Object.entries(plants).map(([name, value]) => {
        const leaks = leaksIn(evidence, searchFor([{ name, numbers: [value] }]));
        return [name, [...new Set(leaks.map(({ place, encoding }) => `${place}: ${encoding}`))].sort()];
      }),
    );
    expect(found).toEqual({
      loss: ['up: float64 big'],
      tensor: ['up: float32 little'],
      log: ['field log: decimal'],
      // The coordinator writes down why a client left, and tells it.
      error: including('up: decimal', 'folder events.jsonl: decimal', 'coordinator events: decimal'),
    });
  });
});
