import { addScaled } from '@trunkline/model/aggregation';
import type { Turns } from './turns.ts';

/**
 * Σ of the clients' sums in client order, whatever order they arrive in: one is added as soon as all before it are in or known
 * to be empty, and held until then. Float64, so that the result is the same for every arrival order, bit for bit.
 */
export interface OrderedSum {
  /** A client's whole contribution; null: it has none this round. */
  put(client: string, values: Float32Array | null): void;
  /** Clients whose contribution is added, or skipped, already. */
  readonly added: number;
  /** Nothing more is added: the round goes no further. */
  stop(): void;
  /** Adds what is held, leaving out clients that did not answer. null: nothing was contributed. */
  finish(): Float64Array | null;
}

export interface SumMemory {
  /** Where the sum is made; the next one may overwrite it once this one was read. */
  readonly into?: Float64Array | undefined;
  /** Adds one contribution a turn; left out: as soon as it may be added. `finish` waits for no turn. */
  readonly turns?: Turns | undefined;
  /** Hears of a contribution that is not needed any more. */
  readonly added?: (client: string, values: Float32Array) => void;
}

export function orderedSum(length: number, clients: readonly string[], memory: SumMemory = {}): OrderedSum {
  const held = new Map<string, Float32Array | null>();
  let sum: Float64Array | null = null;
  let next = 0;

  const add = (client: string, values: Float32Array | null) => {
    if (!values) return;
    addScaled((sum ??= memory.into?.fill(0) ?? new Float64Array(length)), values, 1);
    memory.added?.(client, values);
  };
  let over = false;
  let going = false;
  /** Adds the next one, if it is here; false: it is not. */
  const step = (): boolean => {
    const client = clients[next];
    if (over || client === undefined || !held.has(client)) return false;
    add(client, held.get(client)!);
    held.delete(client);
    next++;
    return true;
  };
  const advance = () => {
    const { turns } = memory;
    if (!turns) while (step());
    else if (!going) {
      going = true;
      void turns.run(() => {
        going = false;
        if (step()) advance();
      });
    }
  };
  return {
    get added() {
      return next;
    },
    put(client, values) {
      held.set(client, values);
      advance();
    },
    stop: () => void (over = true),
    finish() {
      over = true;
      for (; next < clients.length; next++) {
        add(clients[next]!, held.get(clients[next]!) ?? null);
        held.delete(clients[next]!);
      }
      return sum;
    },
  };
}
