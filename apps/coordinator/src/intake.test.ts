import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  chunkOf,
  contributionTransfer,
  sha256,
  type ContributionMessage,
  type TrunklineError,
} from '@trunkline/protocol';
import { openIntake, type RoundIntake } from './intake.ts';

const length = 200_000; // two chunks
const asked = ['a', 'b'].map((client) => ({
  client,
  lambda: { [`${client}-task`]: 2 },
  rowIds: { [`${client}-task`]: `${client}-task` },
}));
const open = (exchange: 'sum' | 'rows') => openIntake({ round: 3, attempt: 1, exchange, length, asked });
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
  const verified = intake.announce(client, message);
  intake.chunk(client, { transfer, index: 1 }, chunkOf(bytesOf(row), 1));
  intake.chunk(client, { transfer, index: 0 }, chunkOf(bytesOf(row), 0));
  await verified;
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
});
