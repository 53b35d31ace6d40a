import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, limits, sha256, trunkTransfer, type TrunkMessage } from '../index.ts';
import { createInbox, type Arrival, type Inbox } from './inbox.ts';

const LENGTH = 10_000;
const trunkOf = (version: number, length = LENGTH) =>
  Float32Array.from({ length }, (_, i) => Math.fround(version + i / length));
const digestOf = (values: Float32Array) => sha256(bytesOf(values));
const messageOf = (version: number, values: Float32Array, control = false): TrunkMessage => ({
  version,
  attempt: 0,
  ...(control ? { control } : {}),
  bytes: values.byteLength,
  sha256: sha256(bytesOf(values)),
  encoding: 'f32',
});

/** Announces a trunk and brings what it misses, as a line would. */
function deliver(inbox: Inbox, version: number, values = trunkOf(version), control = false): void {
  const { missing } = inbox.announce(messageOf(version, values, control));
  const { grainBytes } = limits;
  for (const [from, until] of missing)
    for (let index = from; index < until; index++)
      inbox.chunk(
        { transfer: trunkTransfer(version, 0), index },
        bytesOf(values).slice(index * grainBytes, (index + 1) * grainBytes),
      );
}

describe('an inbox', () => {
  test('keeps every trunk that is being read as it was, whatever arrives meanwhile', async () => {
    const moves = fc.array(fc.oneof(fc.constant('arrive'), fc.constant('ask'), fc.nat({ max: 5 })), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(moves, async (all) => {
        const inbox = createInbox(LENGTH);
        const reading: { version: number; arrival: Arrival }[] = [];
        let version = 0;
        deliver(inbox, version);
        for (const move of all) {
          if (move === 'arrive') deliver(inbox, ++version);
          else if (move === 'ask') reading.push({ version, arrival: await inbox.trunk(version, 0) });
          else
            reading
              .splice(move, 1)
              .flatMap(({ arrival }) => [arrival, arrival])
              .forEach(({ done }) => done());
          for (const { version, arrival } of reading) expect(digestOf(arrival.theta)).toBe(digestOf(trunkOf(version)));
        }
      }),
      { seed: 7, numRuns: 25 },
    );
  });

  test('takes no new memory for a trunk while one that is read no more lies about', async () => {
    const inbox = createInbox(LENGTH);
    const seen = new Set<ArrayBufferLike>();
    for (let version = 0; version < 20; version++) {
      const asked = inbox.trunk(version, 0);
      deliver(inbox, version);
      const { theta, done } = await asked;
      seen.add(theta.buffer);
      done();
    }
    expect(seen.size).toBe(2);
  });

  test('takes trunk and control variate that came in one apart', async () => {
    const inbox = createInbox(LENGTH);
    const both = trunkOf(3, LENGTH * 2);
    deliver(inbox, 3, both, true);
    const { theta, control } = await inbox.trunk(3, 0);
    expect(digestOf(theta)).toBe(digestOf(both.slice(0, LENGTH)));
    expect(digestOf(control!)).toBe(digestOf(both.slice(LENGTH)));
  });

  test('refuses a trunk that is not the one that was announced, and takes the right one after it', async () => {
    const inbox = createInbox(LENGTH);
    const asked = inbox.trunk(1, 0);
    const message = { ...messageOf(1, trunkOf(1)), sha256: sha256('another') };
    inbox.announce(message);
    for (let at = 0; at < message.bytes; at += limits.grainBytes)
      inbox.chunk(
        { transfer: trunkTransfer(1, 0), index: at / limits.grainBytes },
        bytesOf(trunkOf(1)).slice(at, at + limits.grainBytes),
      );
    await expect(asked).rejects.toMatchObject({ code: 'TRUNK_HASH' });
    deliver(inbox, 1);
    expect(digestOf((await inbox.trunk(1, 0)).theta)).toBe(digestOf(trunkOf(1)));
  });
});

describe('an inbox of a run with `delta`', () => {
  // Stands in for the arithmetic, which is not this side's: a difference that is the number to add.
  const coding = {
    codec: { name: 'delta' } as const,
    decode: ({ bytes, base }: { bytes: Uint8Array; base?: Float32Array }, into: Float32Array) => {
      into.set(base!.map((value) => value + bytes[0]!));
      return into;
    },
  };
  const told = (version: number, base: number): TrunkMessage => ({
    ...{ version, attempt: 0, bytes: 1, encoding: 'delta', base: { version: base, attempt: 0 } },
    sha256: digestOf(trunkOf(base).map((value) => value + version - base)),
  });
  const after = (...versions: number[]) => {
    const inbox = createInbox(LENGTH, coding);
    for (const version of versions) deliver(inbox, version);
    return inbox;
  };
  const chunk = (inbox: Inbox, version: number, step: number) =>
    inbox.chunk({ transfer: trunkTransfer(version, 0), index: 0 }, Uint8Array.of(step));

  test('makes a trunk of the one that it holds, to be learned from and to be scored', async () => {
    const inbox = after(1);
    expect(inbox.announce(told(3, 1)).missing).toEqual([[0, 1]]);
    const asked = inbox.trunk(3, 0);
    chunk(inbox, 3, 2);
    const { theta } = await asked;
    expect(theta).toEqual(trunkOf(1).map((value) => value + 2));
    expect((await inbox.trunk(3, 0, 'score')).theta).toBe(theta);
  });

  test('takes the trunk whole where its line broke in the middle of the difference', async () => {
    const inbox = after(1);
    const whole = trunkOf(1).map((value) => value + 2);
    inbox.announce(told(3, 1));
    inbox.reset();
    expect(inbox.announce(messageOf(3, whole)).missing).toEqual([[0, Math.ceil(whole.byteLength / limits.grainBytes)]]);
    deliver(inbox, 3, whole);
    expect(digestOf((await inbox.trunk(3, 0)).theta)).toBe(digestOf(whole));
  });

  test('refuses what leads to another trunk than the one that was announced, and keeps the one before', async () => {
    const inbox = after(1);
    inbox.announce(told(2, 1));
    const asked = inbox.trunk(2, 0);
    chunk(inbox, 2, 77);
    await expect(asked).rejects.toMatchObject({ code: 'TRUNK_HASH' });
    inbox.announce(told(2, 1));
    chunk(inbox, 2, 1);
    expect((await inbox.trunk(2, 0)).theta).toEqual(trunkOf(1).map((value) => value + 1));
  });

  test.each<[string, TrunkMessage, string]>([
    ['a trunk that is not here', told(3, 2), 'MESSAGE_INVALID'],
    ['the same trunk of another attempt', { ...told(3, 1), base: { version: 1, attempt: 1 } }, 'MESSAGE_INVALID'],
    ['one trunk, and carries a control variate', { ...told(3, 1), control: true }, 'MESSAGE_INVALID'],
    ['nothing', { ...told(3, 1), base: undefined }, 'MESSAGE_INVALID'],
    ['a trunk, and says that it is rounded', { ...told(3, 1), coded: true }, 'MESSAGE_INVALID'],
    ['a trunk, and is longer than the whole', { ...told(3, 1), bytes: LENGTH * 4 }, 'MESSAGE_TOO_LARGE'],
  ])('refuses a difference that is told from %s', (_what, message, code) => {
    expect(() => after(1).announce(message)).toThrow(expect.objectContaining({ code }));
  });

  test('refuses a float32 trunk that is told from another, and a difference that was not agreed to', () => {
    const whole = { ...messageOf(3, trunkOf(3)), base: { version: 1, attempt: 0 } };
    const refused = { code: 'MESSAGE_INVALID' };
    expect(() => after(1).announce(whole)).toThrow(expect.objectContaining(refused));
    const without = createInbox(LENGTH);
    deliver(without, 1);
    expect(() => without.announce(told(3, 1))).toThrow(expect.objectContaining(refused));
  });
});
