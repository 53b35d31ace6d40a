import { grainCount } from '@trunkline/protocol';

/**
 * Who may upload now. Sums are added in client order and free their memory as they are, so that a bounded number of them is
 * enough whatever the number of clients; rows must all be held until the round closes, and are all let in.
 */
export interface Credits {
  /** Grains that the client at `place` may send at once. */
  initial(place: number): number;
  /** Places that may send now that the first `added` are done with; each is named once. */
  grant(added: number): number[];
  /** Grains of one contribution. */
  readonly chunks: number;
  /** Bytes of all that may be under way together. */
  readonly bytes: number;
}

/** @param budget bytes of sums that may be under way together; Infinity: all are let in */
export function openCredits(clients: number, bytes: number, budget: number): Credits {
  const chunks = grainCount(bytes);
  const affordable = Math.max(1, Math.min(clients, Math.floor(budget / bytes)));
  let granted = Math.min(clients, affordable);
  return {
    chunks,
    bytes: affordable * bytes,
    initial: (place) => (place < granted ? chunks : 0),
    grant(added) {
      const until = Math.min(clients, added + affordable);
      const places = Array.from({ length: Math.max(0, until - granted) }, (_, i) => granted + i);
      granted = Math.max(granted, until);
      return places;
    },
  };
}
