import { describe, expect, it } from 'vitest';
import { limits } from '@trunkline/protocol';
import { overSlowLink } from './wire/slow-link.ts';

const parameters = 200_000;
const bytes = parameters * 4;

describe('a client behind a slow link', () => {
  it('is not sent away while bytes move, and uses what the link gives', async () => {
    const conditions = { bytesPerSecond: 160_000, latencyMs: 40, sliceBytes: 1_400 };
    const { seconds, left, refused, up } = await overSlowLink({ parameters, conditions });
    expect([left, refused]).toEqual([0, []]);
    expect(seconds).toBeGreaterThan(bytes / 160_000 - 0.5);
    expect(up).toBeLessThan(bytes * 1.02 + 20_000);
  });

  it('is sent nothing twice, and sends nothing twice, that had arrived when its line broke', async () => {
    const conditions = { bytesPerSecond: 400_000, latencyMs: 10 };
    const breaks = { breakAt: bytes / 2, breakDownAt: bytes / 2 };
    const { left, refused, interrupted, up, downToTrunk, client } = await overSlowLink({
      parameters,
      conditions,
      ...breaks,
    });
    expect(left).toBe(2);
    // That the trunk could not be sent to its end is told as what it is: nothing was refused, and nothing is called a defect.
    expect([refused, interrupted]).toEqual([[], [0]]);
    const [first, second] = client.flatMap(({ what, detail }) => (what === 'trunk' ? [Number(detail)] : []));
    expect(first! * limits.grainBytes).toBeGreaterThanOrEqual(bytes);
    expect(second! * limits.grainBytes).toBeLessThan(bytes * 0.9);
    expect(downToTrunk).toBeLessThan(bytes * 1.4);
    const again = client.find(({ detail }) => String(detail).startsWith('again'));
    const grains = Number(/\d+/.exec(String(again?.detail))?.[0]);
    // What was under way when the line broke, and the half that had not been sent.
    const underWay = 400_000 * (limits.queueMs / 1000);
    expect(grains * limits.grainBytes).toBeLessThan(bytes / 2 + underWay);
    expect(grains * limits.grainBytes).toBeLessThan(bytes * 0.9);
    expect(up).toBeLessThan(bytes * 1.4);
  });
});
