import { describe, expect, it } from 'vitest';
import type { Welcome } from '@trunkline/protocol';
import { buildTrunk, type TrunkSpec } from '@trunkline/model/trunk';
import { relayedTrunk } from './relayed-trunk.ts';

const spec = { input: [4], layers: [{ dense: { units: 2 } }] } as unknown as TrunkSpec;
const { digest } = buildTrunk(spec, { at: 'test' });
const welcome: Welcome = {
  ...{ run: 'small', seed: 1, capabilities: [], rounds: 4, exchange: 'sum', weightHeads: true },
  ...{ trunk: { spec, digest, parameters: 10 }, evaluateEvery: 1, select: 'last', probeEvery: 0, warmup: 0 },
};
const local = { steps: 2, optimizer: 'sgd', proximal: 0, scaffold: false };

describe('the run that a relay takes part in', () => {
  it('is one that waits for everyone, round by round', () => {
    expect(relayedTrunk(welcome).layout.length).toBe(10);
  });

  it.each([
    ['local', { local, outbox: true }],
    ['buffered', { answers: 9, outbox: true }],
    ['proceed', { outbox: true }],
  ])('is none of mode %s', (mode, more) => {
    expect(() => relayedTrunk({ ...welcome, ...more })).toThrow(expect.objectContaining({ code: 'RELAY_MODE' }));
    expect(() => relayedTrunk({ ...welcome, ...more })).toThrow(mode);
  });

  it('is not one whose trunk is another than its fingerprint says', () => {
    const other = { ...welcome, trunk: { ...welcome.trunk, digest: '0'.repeat(64) } };
    expect(() => relayedTrunk(other)).toThrow(expect.objectContaining({ code: 'TRUNK_DIFFERS' }));
  });
});
