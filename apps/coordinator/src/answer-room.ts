/**
 * Room for the answers of mode `buffered`, in bytes: pure bookkeeping. An answer takes room before its first byte may leave its client, and gives it back
 * when the trunk has moved by it. What is promised at a call leaves room for a whole buffer of answers that are ready, so that the trunk moves
 * though none of those at work ever comes back.
 */
export interface AnswerRoom {
  /** Takes room for an answer that is only called for. false: it is to say when it is ready. */
  promise(client: string, bytes: number): boolean;
  /** Takes room for an answer that is ready. false: it waits, behind those that waited before. */
  ready(client: string, bytes: number): boolean;
  /** Takes room for an answer that has come in already, before this process began. */
  restore(client: string, bytes: number): void;
  /** This client's open answer has room. */
  has(client: string): boolean;
  /** Gives back what this client's open answer has, and its place among those that wait. */
  release(client: string): void;
  /** The client's answer is in: it keeps `bytes` until the buffer is emptied. */
  settle(client: string, bytes: number): void;
  /** All that was settled was used. */
  empty(): void;
  /** Those who waited and have room now, in their order; each is named once. */
  next(): string[];
  /** In their order. */
  readonly waiting: readonly string[];
  /** Bytes that are taken: promised, on their way, or in. */
  readonly taken: number;
}

/** @param budget bytes @param needs answers in a full buffer, and the bytes that the largest of those who are seated may take */
export function answerRoom(budget: number, needs: () => { size: number; largest: number }): AnswerRoom {
  const open = new Map<string, { bytes: number; promised: boolean }>();
  const queue = new Map<string, number>();
  let settled = 0;
  let taken = 0;

  // A buffer can always fill, however small the budget is.
  const most = ({ size, largest }: { size: number; largest: number }) => Math.max(budget, size * largest);
  const fits = (bytes: number) => taken + bytes <= most(needs());
  const take = (client: string, bytes: number, promised = false) => {
    open.set(client, { bytes, promised });
    taken += bytes;
  };
  const giveBack = (client: string) => {
    taken -= open.get(client)?.bytes ?? 0;
    open.delete(client);
  };
  return {
    promise(client, bytes) {
      const { size, largest } = needs();
      const promised = [...open.values()].reduce((sum, one) => sum + (one.promised ? one.bytes : 0), 0);
      const enough = promised + bytes + size * largest <= most({ size, largest });
      if (!enough || queue.size > 0 || !fits(bytes)) return false;
      take(client, bytes, true);
      return true;
    },
    ready(client, bytes) {
      if (open.has(client)) return true;
      if (queue.size > 0 || !fits(bytes)) {
        queue.set(client, bytes);
        return false;
      }
      take(client, bytes);
      return true;
    },
    restore: (client, bytes) => take(client, bytes),
    has: (client) => open.has(client),
    release(client) {
      giveBack(client);
      queue.delete(client);
    },
    settle(client, bytes) {
      giveBack(client);
      queue.delete(client);
      settled += bytes;
      taken += bytes;
    },
    empty() {
      taken -= settled;
      settled = 0;
    },
    next() {
      const admitted: string[] = [];
      for (const [client, bytes] of queue) {
        if (!fits(bytes)) break;
        queue.delete(client);
        take(client, bytes);
        admitted.push(client);
      }
      return admitted;
    },
    get waiting() {
      return [...queue.keys()];
    },
    get taken() {
      return taken;
    },
  };
}
