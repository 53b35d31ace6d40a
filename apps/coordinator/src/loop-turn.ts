import type { Clock } from '@trunkline/protocol';

/**
 * How long the lines together may keep one turn of the event loop. A system hands over everything that has arrived on all lines in one turn, and
 * takes everything that is sent in one: with many clients and large contributions that is a long time in which no timer rings and no
 * heartbeat is answered.
 */
export interface LoopTurn {
  /** So much was read or is to be written; the first of a turn begins it. */
  carried(bytes: number): void;
  /** The lines have used up this turn. */
  readonly spent: boolean;
  /** Calls `then` in the next turn, in the order of asking. */
  later(then: () => void): void;
}

/** A turn ends after so many milliseconds or bytes: reading shows in the time it takes, what is written may cost its time only later. */
export interface TurnBounds {
  readonly ms: number;
  readonly bytes: number;
}

export function createLoopTurn(most: TurnBounds, clock: Pick<Clock, 'now' | 'soon'>): LoopTurn {
  let begun: number | undefined;
  let bytes = 0;
  let waiting: (() => void)[] = [];
  const over = () => {
    begun = undefined;
    bytes = 0;
    const ready = waiting;
    waiting = [];
    for (const then of ready) then();
  };
  const begin = () => {
    if (begun !== undefined) return;
    begun = clock.now();
    clock.soon(over);
  };
  return {
    carried(more) {
      begin();
      bytes += more;
    },
    get spent() {
      return begun !== undefined && (bytes > most.bytes || clock.now() - begun > most.ms);
    },
    later(then) {
      begin();
      waiting.push(then);
    },
  };
}
