import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  contributionTransfer,
  grainCount,
  grainsOf,
  sha256,
  type ContributionMessage,
  type TrunklineError,
} from '@trunkline/protocol';
import { decodeValues, encodeValues } from '@trunkline/model/codec';
import { bytePool } from './byte-pool.ts';
import { openIntake, type RoundIntake } from './intake.ts';

const length = 200_000; // 25 grains
const HALF = 12;
const asked = ['a', 'b'].map((client) => ({
  client,
  lambda: { [`${client}-task`]: 2 },
  rowIds: { [`${client}-task`]: `${client}-task` },
}));
const open = (exchange: 'sum' | 'rows', more: Partial<Parameters<typeof openIntake>[0]> = {}) =>
  openIntake({ round: 3, attempt: 1, exchange, length, asked, ...more });
const values = (seed: number) => Float32Array.from({ length }, (_, i) => Math.fround(Math.sin(i * seed)));

function contribution(
  client: string,
  row: Float32Array,
  change: Partial<ContributionMessage> = {},
): ContributionMessage {
  const kind = change.kind ?? 'sum';
  return {
    round: 3,
    attempt: 1,
    kind,
    tasks: [`${client}-task`],
    bytes: row.byteLength,
    sha256: sha256(bytesOf(row)),
    encoding: 'f32',
    ...change,
  };
}

async function send(
  intake: RoundIntake,
  client: string,
  row: Float32Array,
  change: Partial<ContributionMessage> = {},
): Promise<void> {
  const message = contribution(client, row, change);
  const transfer = contributionTransfer(message);
  await intake.announce(client, message);
  await intake.chunk(client, { transfer, index: HALF }, grainsOf(bytesOf(row), HALF, 25));
  await intake.chunk(client, { transfer, index: 0 }, grainsOf(bytesOf(row), 0, HALF));
}

const codeOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
    return 'none';
  } catch (error) {
    return (error as TrunklineError).code;
  }
};

describe('intake', () => {
  it('adds sums in client order, whichever comes first', async () => {
    const [first, second] = [open('sum'), open('sum')];
    await send(first, 'a', values(1));
    await send(first, 'b', values(2));
    await send(second, 'b', values(2));
    await send(second, 'a', values(1));
    expect(first.answers()).toEqual(second.answers());
  });

  it('counts the same bytes once, however often they come, and refuses other bytes under the same id', async () => {
    const intake = open('sum');
    await send(intake, 'a', values(1));
    await send(intake, 'a', values(1));
    expect(await codeOf(() => send(intake, 'a', values(3)))).toBe('CONTRIBUTION_EQUIVOCAL');
    const answers = intake.answers();
    expect(answers.exchange === 'sum' && Float32Array.from(answers.sum!)).toEqual(values(1));
  });

  it('refuses another round, another attempt, another length, a task that was not asked, bytes that do not match their hash', async () => {
    const intake = open('sum');
    const row = values(1);
    expect(await codeOf(() => send(intake, 'a', row, { round: 2 }))).toBe('CONTRIBUTION_STALE');
    expect(await codeOf(() => send(intake, 'a', row, { attempt: 0 }))).toBe('CONTRIBUTION_STALE');
    expect(await codeOf(() => send(intake, 'a', row, { bytes: 8 }))).toBe('MESSAGE_TOO_LARGE');
    expect(await codeOf(() => send(intake, 'a', row, { tasks: ['b-task'] }))).toBe('MESSAGE_INVALID');
    expect(await codeOf(() => send(intake, 'a', row, { kind: 'row' }))).toBe('MESSAGE_INVALID');
    expect(await codeOf(() => send(intake, 'a', row, { sha256: sha256('other') }))).toBe('CONTRIBUTION_HASH');
    expect(
      await codeOf(() => intake.chunk('a', { transfer: 'contribution/3/1/none', index: 0 }, new Uint8Array(1))),
    ).toBe('CONTRIBUTION_UNKNOWN');
  });

  it('refuses a sum that is not finite, and leaves a row that is not to the strategy', async () => {
    const broken = values(1);
    broken[5] = Infinity;
    expect(await codeOf(() => send(open('sum'), 'a', broken))).toBe('CONTRIBUTION_NOT_FINITE');
    const intake = open('rows');
    await send(intake, 'a', broken, { kind: 'row' });
    const answers = intake.answers();
    expect(answers.exchange === 'rows' && answers.rows.map(({ id, lambda }) => [id, lambda])).toEqual([['a-task', 2]]);
  });

  it('goes on with a contribution where it stopped, and takes no other one of its name once it is whole', async () => {
    const intake = open('sum');
    const message = contribution('a', values(1));
    const transfer = contributionTransfer(message);
    expect(await intake.announce('a', message)).toEqual({ missing: [[0, 25]] });
    await intake.chunk('a', { transfer, index: 3 }, grainsOf(bytesOf(values(1)), 3, 10));
    const gaps = {
      missing: [
        [0, 3],
        [10, 25],
      ],
    };
    expect(await intake.announce('a', message)).toEqual(gaps);
    // Never whole, never acknowledged: a client that lost its state may begin anew.
    expect(await intake.announce('a', contribution('a', values(2)))).toEqual({ missing: [[0, 25]] });
    await send(intake, 'a', values(1));
    expect(await intake.announce('a', message)).toEqual({ missing: [] });
    expect(await codeOf(() => intake.announce('a', contribution('a', values(2))))).toBe('CONTRIBUTION_EQUIVOCAL');
    const answers = intake.answers();
    expect(answers.exchange === 'sum' && Float32Array.from(answers.sum!)).toEqual(values(1));
  });

  it('counts in the order of the journal, acknowledges nothing before it is on the disk, and tells whoever asks meanwhile the same', async () => {
    let recorded: () => void = () => undefined;
    const record = () => new Promise<void>((resolve) => (recorded = resolve));
    const intake = open('sum', { record });
    const message = contribution('a', values(1));
    let acknowledged = 0;
    const sent = send(intake, 'a', values(1)).then(() => acknowledged++);
    await new Promise(setImmediate);
    const again = Promise.resolve(intake.announce('a', message)).then(() => acknowledged++);
    await new Promise(setImmediate);
    expect([acknowledged, intake.added]).toEqual([0, 1]);
    recorded();
    await Promise.all([sent, again]);
    expect([acknowledged, intake.added]).toEqual([2, 1]);
  });

  it('forgets a contribution that cannot be recorded: nothing was acknowledged, and it may come again', async () => {
    let full = true;
    const record = () => (full ? Promise.reject(new Error('disk full')) : Promise.resolve());
    const intake = open('sum', { record });
    await expect(send(intake, 'a', values(1))).rejects.toThrow('disk full');
    full = false;
    await send(intake, 'a', values(1));
    expect(intake.added).toBe(1);
  });

  it('refuses a norm over the limit, saying which, and takes one below it', async () => {
    const row = new Float32Array(length);
    row.set([3, 4]);
    const refused = send(open('sum', { maxNorm: 4.9 }), 'a', row);
    await expect(refused).rejects.toMatchObject({
      code: 'CONTRIBUTION_NORM',
      message: 'The sum of a for round 3 has the norm 5; `maxNorm` allows 4.9.',
    });
    await send(open('sum', { maxNorm: 5 }), 'a', row);
  });

  it('refuses rows for the conflict matrix that were not asked for', async () => {
    expect(await codeOf(() => send(open('sum'), 'a', values(1), { kind: 'probe' }))).toBe('MESSAGE_INVALID');
    expect(await codeOf(() => send(open('sum', { probe: true }), 'a', values(1), { kind: 'probe' }))).toBe('none');
  });

  it('allocates nothing past its budget: a sum without credit is refused, and goes through once another is added', async () => {
    const intake = open('sum', { budget: length * 4 });
    await intake.announce('b', contribution('b', values(2)));
    expect(await codeOf(() => intake.announce('a', contribution('a', values(1))))).toBe('UPLOAD_BUDGET');
    const other = open('sum', { budget: length * 4 });
    await send(other, 'a', values(1));
    await send(other, 'b', values(2));
    expect(other.added).toBe(2);
  });

  it('does not take an answer for complete while a contribution is missing', async () => {
    const intake = open('sum');
    const answered = {
      round: 3,
      attempt: 1,
      losses: [],
      contributions: 1,
      timing: { waitMs: 0, stepMs: 0, sendMs: 0 },
    };
    expect(await codeOf(() => intake.answered('a', answered))).toBe('MESSAGE_INVALID');
  });

  it('writes the next round over its rows once they are released, and not before', async () => {
    const memory = { sum: new Float64Array(0), uploads: bytePool(0), rows: bytePool(4) };
    const rowsOf = async (seeds: readonly number[]) => {
      const intake = open('rows', { memory });
      for (const [k, seed] of seeds.entries()) await send(intake, asked[k]!.client, values(seed), { kind: 'row' });
      const answers = intake.answers();
      return { intake, rows: answers.exchange === 'rows' ? answers.rows.map((row) => row.values) : [] };
    };
    const first = await rowsOf([1, 2]);
    const second = await rowsOf([3, 4]);
    expect(first.rows.map((row) => sha256(bytesOf(row)))).toEqual([1, 2].map((seed) => sha256(bytesOf(values(seed)))));
    first.intake.release();
    const third = await rowsOf([5, 6]);
    expect(new Set(third.rows.map(({ buffer }) => buffer))).toEqual(new Set(first.rows.map(({ buffer }) => buffer)));
    expect(second.rows.map((row) => sha256(bytesOf(row)))).toEqual([3, 4].map((seed) => sha256(bytesOf(values(seed)))));
    expect(third.rows.map((row) => sha256(bytesOf(row)))).toEqual([5, 6].map((seed) => sha256(bytesOf(values(seed)))));
  });
});

describe('contributions in a codec', () => {
  const codec = { name: 'int8' } as const;
  const coded = (row: Float32Array) => encodeValues(codec, row);
  const digestOf = ({ buffer, byteOffset, byteLength }: Float64Array) =>
    sha256(new Uint8Array(buffer, byteOffset, byteLength));
  const announced = (row: Float32Array, change: Partial<ContributionMessage> = {}) => {
    const { bytes, encoding } = coded(row);
    return {
      bytes,
      message: { ...contribution('a', row), bytes: bytes.byteLength, sha256: sha256(bytes), encoding, ...change },
    };
  };
  const give = async (intake: RoundIntake, { message, bytes }: ReturnType<typeof announced>) => {
    await intake.announce('a', message);
    for (let at = 0; at < grainCount(bytes.byteLength); at++)
      await intake.chunk('a', { transfer: contributionTransfer(message), index: at }, grainsOf(bytes, at, at + 1));
  };

  it('are added as they are read, journalled as they came, and restored to the same sum', async () => {
    const journalled: Uint8Array[] = [];
    const record = async (_client: string, _message: unknown, bytes: Uint8Array) => void journalled.push(bytes.slice());
    const pool = bytePool(2);
    const memory = { sum: new Float64Array(length), uploads: bytePool(2), coded: pool };
    const intake = open('sum', { codec, record, memory });
    const given = announced(values(1));
    await give(intake, given);
    const what = { ...coded(values(1)), codec, what: 'it' };
    const expected = Float64Array.from(decodeValues(what, new Float32Array(length)));
    const sumOf = (of: RoundIntake) => digestOf((of.answers() as { sum: Float64Array }).sum);
    expect(sumOf(intake)).toBe(digestOf(expected));
    expect(journalled.map((bytes) => sha256(bytes))).toEqual([given.message.sha256]);
    const again = open('sum', { codec });
    again.restore('a', given.message, journalled[0]!);
    expect(sumOf(again)).toBe(digestOf(expected));
  });

  it('are refused in another codec or length before anything is allocated, and by their content before they count', async () => {
    const taken: number[] = [];
    const uploads = { take: (size: number) => (taken.push(size), new Uint8Array(size)), give: () => undefined };
    const memory = { sum: new Float64Array(length), uploads, coded: uploads };
    const intake = open('sum', { codec, memory });
    const row = values(2);
    const announce = (change: Partial<ContributionMessage>) =>
      codeOf(() => intake.announce('a', announced(row, change).message));
    expect(await announce({ encoding: 'topk' })).toBe('MESSAGE_INVALID');
    expect(await announce({ encoding: 'float16', bytes: length * 2 })).toBe('MESSAGE_INVALID');
    expect(await announce({ bytes: 2 ** 40 })).toBe('MESSAGE_TOO_LARGE');
    expect(await announce({ bytes: length * 4 })).toBe('MESSAGE_TOO_LARGE');
    expect(taken).toEqual([]);
    const { bytes, message } = announced(row);
    new DataView(bytes.buffer).setFloat32(0, Infinity, true);
    expect(await codeOf(() => give(intake, { bytes, message: { ...message, sha256: sha256(bytes) } }))).toBe(
      'CODED_INVALID',
    );
    expect(intake.taken).toBe(0);
    // Without the refused bytes there is room for the right ones; float32 is always taken.
    await give(intake, announced(row));
    expect(intake.taken).toBe(1);
    await send(intake, 'b', row);
    expect(intake.taken).toBe(2);
  });
});
