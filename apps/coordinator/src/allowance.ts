import { limits, type Clock } from '@trunkline/protocol';

/** So much of something at once, and so much again in time: a token bucket. */
export interface Allowance {
  /** Uses one up; false: none is left. */
  spend(): boolean;
  /** Milliseconds until there is one again. */
  readonly waitMs: number;
}

export function createAllowance(
  { burst, perSecond }: { burst: number; perSecond: number },
  clock: Pick<Clock, 'now'>,
): Allowance {
  let left = burst;
  let at = clock.now();
  const refill = () => {
    const now = clock.now();
    left = Math.min(burst, left + ((now - at) / 1000) * perSecond);
    at = now;
  };
  return {
    spend() {
      refill();
      if (left < 1) return false;
      left--;
      return true;
    },
    get waitMs() {
      refill();
      return left >= 1 ? 0 : ((1 - left) / perSecond) * 1000;
    },
  };
}

/** The refusals of each client, over all its lines: coming back makes nobody's allowance new. */
export function refusalAllowances(clock: Pick<Clock, 'now'>): (client: string) => Allowance {
  const all = new Map<string, Allowance>();
  return (client) => {
    const known = all.get(client) ?? createAllowance(limits.refusals, clock);
    all.delete(client);
    all.set(client, known);
    const [oldest] = all.keys();
    if (all.size > limits.clientsRemembered) all.delete(oldest!);
    return known;
  };
}
