import { addScaled } from '@trunkline/model/aggregation';

/**
 * Σ of the clients' sums in client order, whatever order they arrive in: one is added as soon as all before it are in or known
 * to be empty, and held until then. Float64, so that the result is the same for every arrival order, bit for bit.
 */
export interface OrderedSum {
  /** A client's whole contribution; null: it has none this round. */
  put(client: string, values: Float32Array | null): void;
  /** Clients whose contribution is added, or skipped, already. */
  readonly added: number;
  /** Adds what is held, leaving out clients that did not answer. null: nothing was contributed. */
  finish(): Float64Array | null;
}

export interface SumMemory {
  /** Where the sum is made; the next one may overwrite it once this one was read. */
  readonly into?: Float64Array | undefined;
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
  const advance = () => {
    while (next < clients.length && held.has(clients[next]!)) {
      add(clients[next]!, held.get(clients[next]!)!);
      held.delete(clients[next]!);
      next++;
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
    finish() {
      for (; next < clients.length; next++) {
        add(clients[next]!, held.get(clients[next]!) ?? null);
        held.delete(clients[next]!);
      }
      return sum;
    },
  };
}
