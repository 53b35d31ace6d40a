import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { createRequests } from './requests.ts';

/** A line whose other side answers when the test says so. */
function line() {
  let now = 0;
  const timers = new Set<{ at: number; ring: () => void }>();
  const acknowledge: ((reply: unknown) => void)[] = [];
  const silent: string[] = [];
  let connected = true;
  const requests = createRequests({
    emit: (_event, _args, reply) => void acknowledge.push(reply),
    connected: () => connected,
    clock: {
      now: () => now,
      after(ms, ring) {
        const timer = { at: now + ms, ring };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    },
    silent: (reason) => void silent.push(reason),
  });
  return {
    requests,
    acknowledge,
    silent,
    timers,
    part: () => void (connected = false),
    pass: (ms: number) => {
      const until = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (!next) break;
        now = next.at;
        timers.delete(next);
        next.ring();
      }
      now = until;
    },
  };
}
const ok = { ok: true, value: {} };

describe('requests', () => {
  it('end with the value, or with the error, that the other side answers', async () => {
    const { requests, acknowledge, timers } = line();
    const [well, badly] = [requests.ask('scores', {}), requests.ask('scores', {})];
    acknowledge[0]!(ok);
    acknowledge[1]!({ ok: false, error: { code: 'CONTRIBUTION_STALE', message: 'm', hint: 'h' } });
    await expect(well).resolves.toEqual({});
    await expect(badly).rejects.toMatchObject({ code: 'CONTRIBUTION_STALE' });
    expect([requests.open, timers.size]).toEqual([0, 0]);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'ok'],
    ['an answer to something else', { ok: true, value: { missing: [] } }],
    ['an error without a code', { ok: false, error: {} }],
  ])('refuse %s as an answer', async (_, reply) => {
    const { requests, acknowledge } = line();
    const asked = requests.ask('scores', {});
    acknowledge[0]!(reply);
    await expect(asked).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
  });

  it('are heard once: a second answer changes nothing', async () => {
    const { requests, acknowledge } = line();
    const asked = requests.ask('scores', {});
    acknowledge[0]!(ok);
    acknowledge[0]!({ ok: false, error: { code: 'X', message: '', hint: '' } });
    await expect(asked).resolves.toEqual({});
  });

  it('hear at once that the line broke, and none is sent over a line that is gone', async () => {
    const { requests, part, timers } = line();
    const asked = requests.ask('scores', {});
    requests.broken(new Error('connection lost: reset'));
    await expect(asked).rejects.toThrow('connection lost: reset');
    part();
    await expect(requests.ask('scores', {})).rejects.toThrow('connection lost');
    expect([requests.open, timers.size]).toEqual([0, 0]);
  });

  it('wait while others are acknowledged, and end with the line when nothing is for a minute', async () => {
    const { requests, acknowledge, silent, pass } = line();
    const slow = requests.ask('chunk', {});
    for (let i = 1; i <= 5; i++) {
      const quick = requests.ask('chunk', {});
      pass(limits.ackMs - 1);
      acknowledge[i]!(ok);
      await quick;
    }
    expect(silent).toEqual([]);
    pass(limits.ackMs);
    await expect(slow).rejects.toThrow('connection lost');
    expect(silent).toHaveLength(1);
  });

  it('end with the line when one answer is owed too long, whatever else is acknowledged', async () => {
    const { requests, acknowledge, silent, pass } = line();
    const never = requests.ask('chunk', {});
    never.catch(() => undefined);
    for (let i = 1; i <= 11; i++) {
      requests.ask('chunk', {}).catch(() => undefined);
      pass(limits.ackMs - 1);
      acknowledge[i]!(ok);
    }
    await expect(never).rejects.toThrow('connection lost');
    expect(silent).toHaveLength(1);
  });

  it('are bounded: a side that answers nothing is given up, not waited for in ever more memory', async () => {
    const { requests, silent } = line();
    const all = Array.from({ length: limits.requests + 1 }, () => requests.ask('chunk', {}));
    const ends = await Promise.allSettled(all);
    expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
    expect([requests.open, silent.length]).toEqual([0, 1]);
  });
});
