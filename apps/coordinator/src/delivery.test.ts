import { expect, it } from 'vitest';
import { fail, limits, lineBroken } from '@trunkline/protocol';
import { createDelivery } from './delivery.ts';
import type { Connection } from './gateway.ts';
import type { Member } from './members.ts';

const GRAINS = 40;
const keeper = { version: 7, theta: new Float32Array((GRAINS * limits.grainBytes) / 4), control: null };

/** A delivery to one client whose line does `chunk` with each chunk, and what is told of it. */
function deliver(chunk: Connection['chunk']) {
  const told: unknown[] = [];
  const connection: Connection = {
    client: 'ann',
    send: (async () => ({ missing: [[0, GRAINS]] })) as Connection['send'],
    chunk,
    refuse: () => undefined,
    close: () => undefined,
  };
  const member = { client: 'ann', connection, holds: null } as Member;
  const delivery = createDelivery(keeper, {
    interrupted: (client, version) => told.push({ interrupted: client, version }),
    failed: (client, { code }) => told.push({ failed: client, code }),
  });
  const sent = delivery.tell(connection, () => delivery.trunkTo(member, 0));
  return { sent, told, member };
}

it('calls a line that breaks in the middle of a trunk interrupted, and no defect', async () => {
  let chunks = 0;
  const { sent, told, member } = deliver(async () => {
    if (chunks++ > 0) throw lineBroken('transport close');
  });
  await sent;
  expect(told).toEqual([{ interrupted: 'ann', version: 7 }]);
  expect(member.holds).toBeNull();
});

it('tells the error of a client that refuses a trunk', async () => {
  const { sent, told } = deliver(async () => {
    throw fail('MESSAGE_INVALID', { event: 'chunk', problem: 'no bytes' });
  });
  await sent;
  expect(told).toEqual([{ failed: 'ann', code: 'MESSAGE_INVALID' }]);
});
