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
