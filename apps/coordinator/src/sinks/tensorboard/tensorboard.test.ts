import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../run-events.ts';
import { crc32c } from './crc32c.ts';
import { tfRecord } from './record.ts';
import { versionEvent } from './scalar-event.ts';
import { tensorboardSink } from './sink.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'trunkline-tb-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const round: RunEvent = {
  event: 'round',
  round: 300,
  attempt: 0,
  losses: { cats: 0.5, dogs: null },
  weights: null,
  stationary: false,
  clients: {},
  timing: { answersMs: 4, aggregateMs: 1, roundMs: 6 },
  bytes: { up: 10, down: 20 },
};
const scores: RunEvent = {
  event: 'scores',
  version: 200,
  split: 'validation',
  tasks: [{ task: 'cats', client: 'a', loss: 0.25, metrics: { accuracy: 0.75 } }],
};

describe('CRC-32C', () => {
  it('is that of RFC 3720, appendix B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  });
});

it('begins a file as TensorFlow 2.21 does: its own bytes for the version event of second 1', () => {
  // python: tf.io.TFRecordWriter on Event(wall_time=1, file_version="brain.Event:2").SerializeToString()
  const hex = Buffer.from(tfRecord(versionEvent(1))).toString('hex');
  expect(hex.slice(0, 24)).toBe('1800000000000000a37f4b22');
  expect(hex.slice(24, -8)).toBe('09000000000000f03f1a0d627261696e2e4576656e743a32');
});

/** A reader by the formats' own words, sharing nothing with the writer but the CRC that the RFC's values check. */
function* events(file: string) {
  const bytes = readFileSync(file);
  const unmasked = (at: number) => {
    const rotated = (bytes.readUInt32LE(at) - 0xa282ead8) >>> 0;
    return ((rotated << 15) | (rotated >>> 17)) >>> 0;
  };
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(unmasked(at + 8)).toBe(crc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(unmasked(at + 12 + length)).toBe(crc32c(data));
    yield fields(data);
    at += length + 16;
  }
}

type Field = { readonly field: number; readonly value: number | Buffer };
function fields(data: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = data[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => data.subarray(at, (at += length));
  while (at < data.length) {
    const key = varint();
    const value = [varint, () => take(8).readDoubleLE(), () => take(varint()), , , () => take(4).readFloatLE()][
      key & 7
    ]!();
    found.push({ field: key >> 3, value });
  }
  return found;
}
const one = (all: Field[], field: number) => all.find((each) => each.field === field)!.value;

it('writes every finite figure of a round and of scores under its step, readable by the formats’ own words', async () => {
  const { sink, close } = tensorboardSink(folder, new Date(1000));
  sink({ event: 'left', client: 'a', reason: 'x' }, new Date(1500));
  sink(round, new Date(2000));
  sink(scores, new Date(3500));
  await close();
  const files = readdirSync(folder);
  expect(files).toHaveLength(1);
  expect(files[0]).toMatch(/^events\.out\.tfevents\.1\./);
  const [first, ...rest] = [...events(join(folder, files[0]!))];
  expect(String(one(first!, 3))).toBe('brain.Event:2');
  const read = rest.map((event) => ({
    time: one(event, 1),
    step: one(event, 2),
    scalars: Object.fromEntries(
      fields(one(event, 5) as Buffer).map(({ value }) => {
        const summary = fields(value as Buffer);
        return [String(one(summary, 1)), one(summary, 2)];
      }),
    ),
  }));
  const times = { 'time/answers_ms': 4, 'time/aggregate_ms': 1, 'time/round_ms': 6 };
  expect(read).toEqual([
    { time: 2, step: 300, scalars: { 'loss/cats': 0.5, ...times, 'bytes/up': 10, 'bytes/down': 20 } },
    { time: 3.5, step: 200, scalars: { 'validation/loss/cats': 0.25, 'validation/accuracy/cats': 0.75 } },
  ]);
});
