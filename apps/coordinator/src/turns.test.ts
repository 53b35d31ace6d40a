import { describe, expect, it } from 'vitest';
import { bytesOf, contributionTransfer, grainCount, limits, sendChunks, sha256 } from '@trunkline/protocol';
import { openIntake, type RoundIntake } from './intake.ts';
import { createTurns } from './turns.ts';

describe('turns', () => {
  it('runs one piece a turn, in order, and tells each its own outcome', async () => {
    const soon: (() => void)[] = [];
    const turns = createTurns((then) => void soon.push(then));
    const ran: number[] = [];
    const first = turns.run(() => ran.push(1));
    const second = turns.run(() => {
      ran.push(2);
      throw new Error('broken');
    });
    const third = turns.run(() => ran.push(3));
    second.catch(() => undefined);
    for (let turn = 1; turn <= 3; turn++) {
      expect(soon).toHaveLength(1);
      soon.shift()!();
      await Promise.resolve().then(() => undefined);
      expect(ran).toHaveLength(turn);
    }
    await expect(second).rejects.toThrow('broken');
    expect([await first, await third, ran]).toEqual([1, 3, [1, 2, 3]]);
  });
});

describe('large contributions', () => {
  const length = limits.turnBytes / 4;
  const clients = ['a', 'b', 'c'];
  const asked = clients.map((client) => ({ client, lambda: { [client]: 1 }, rowIds: { [client]: client } }));
  const values = (seed: number) => Float32Array.from({ length }, (_, i) => Math.fround(Math.sin(i * seed)));
  const open = (turns?: ReturnType<typeof createTurns>) =>
    openIntake({ round: 0, attempt: 0, exchange: 'sum', length, asked, ...(turns ? { turns } : {}) });

  const send = async (intake: RoundIntake, client: string) => {
    const bytes = bytesOf(values(clients.indexOf(client) + 1));
    const id = { round: 0, attempt: 0, kind: 'sum' as const, tasks: [client] };
    const message = { ...id, bytes: bytes.byteLength, sha256: sha256(bytes), encoding: 'f32' as const };
    const { missing } = await intake.announce(client, message);
    const transfer = contributionTransfer(message);
    await sendChunks(bytes, async (index, chunk) => void (await intake.chunk(client, { transfer, index }, chunk)), {
      missing,
    });
  };

  it('taken in a turn at a time give the sum of those taken in at once, and each is acknowledged with everything added that can be', async () => {
    const [atOnce, inTurns] = [open(), open(createTurns((then) => void setImmediate(then)))];
    for (const client of clients) await send(atOnce, client);
    await send(inTurns, 'c');
    await send(inTurns, 'b');
    expect(inTurns.added).toBe(0);
    await send(inTurns, 'a');
    expect(inTurns.added).toBe(3);
    expect(inTurns.answers()).toEqual(atOnce.answers());
  });

  it('that come all together are all acknowledged, whoever waits for whom', async () => {
    const intake = open(createTurns((then) => void setImmediate(then)));
    await Promise.all([...clients].reverse().map((client) => send(intake, client)));
    expect(intake.added).toBe(3);
  });

  it('that wait for their turn when the round ends are refused, and touch nothing of the next one', async () => {
    const soon: (() => void)[] = [];
    const intake = open(createTurns((then) => void soon.push(then)));
    const sent = send(intake, 'a');
    sent.catch(() => undefined);
    for (let turn = 0; turn < grainCount(limits.turnBytes); turn++) await new Promise(setImmediate);
    expect(soon).toHaveLength(1);
    intake.close();
    soon.shift()!();
    await expect(sent).rejects.toMatchObject({ code: 'CONTRIBUTION_STALE' });
    expect(intake.added).toBe(0);
  });
});
