import { fail } from '@trunkline/protocol';

/**
 * Bytes that uploads may hold in memory: taken when one is announced, before anything is allocated, and given back when it is added or
 * refused. Each client has its own share, so that none can use up what belongs to the others.
 */
export interface ByteBudget {
  /** @throws UPLOAD_BUDGET */
  reserve(client: string, bytes: number): void;
  release(client: string, bytes: number): void;
  /** Bytes that are taken now. */
  readonly held: number;
}

/** @param each bytes that this client may hold @param total bytes of all clients together */
export function byteBudget(each: (client: string) => number, total: number): ByteBudget {
  const shares = new Map<string, number>();
  let held = 0;
  return {
    reserve(client, bytes) {
      const mine = (shares.get(client) ?? 0) + bytes;
      const expected = Math.min(each(client), total - held + (shares.get(client) ?? 0));
      if (mine > expected) throw fail('UPLOAD_BUDGET', { client, found: mine, expected });
      shares.set(client, mine);
      held += bytes;
    },
    release(client, bytes) {
      shares.set(client, (shares.get(client) ?? 0) - bytes);
      held -= bytes;
    },
    get held() {
      return held;
    },
  };
}
