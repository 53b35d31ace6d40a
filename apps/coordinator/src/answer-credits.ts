import type { Clock } from '@trunkline/protocol';
import type { AnswerRoom } from './answer-room.ts';
import type { Timers } from './timers.ts';

/** Who may send an answer now, in mode `buffered`, and what becomes of room that somebody holds and does not use while others wait for it. */
export interface AnswerCredits {
  /** A client is called to an answer of so many bytes. */
  called(client: string, bytes: number): void;
  /** It may send. */
  has(client: string): boolean;
  /** Its answer is ready. */
  ready(client: string, bytes: number): void;
  /** Something of its answer came in. */
  moved(client: string): void;
  /** Its answer, or a part of it, came in before this process began. */
  restored(client: string, bytes: number): void;
  /** Its answer is in, and holds so many bytes until the buffer is emptied. */
  settled(client: string, bytes: number): void;
  /** Its line is gone. */
  left(client: string): void;
  /** What was called is called anew. */
  renewed(clients: Iterable<string>): void;
  /** The buffer was emptied. */
  emptied(): void;
  /** Whose answer is ready and waits for room. */
  readonly waiting: readonly string[];
}

export interface AnswerCreditsDeps {
  readonly room: AnswerRoom;
  readonly clock: Clock;
  readonly timers: Timers;
  /** For so long a line may hold room and bring nothing while others wait for it. */
  readonly deadlineMs: number;
  readonly connected: (client: string) => boolean;
  /** Bytes of this client's open answer that are in memory. */
  readonly inMemory: (client: string) => number;
  /** Lets a client send. */
  readonly grant: (client: string) => void;
  /** Lets go of what has come in of a client's open answer: it will be sent again. */
  readonly forget: (client: string) => void;
  /** Ends a line. */
  readonly part: (client: string) => void;
}

export function createAnswerCredits(deps: AnswerCreditsDeps): AnswerCredits {
  const { room, clock, timers, deadlineMs } = deps;
  /** When something came of each answer that is on its way. */
  const lastMoved = new Map<string, number>();
  let watching = false;

  const grantNext = () => {
    for (const client of room.next()) {
      lastMoved.set(client, clock.now());
      deps.grant(client);
    }
  };
  const release = (client: string) => {
    room.release(client);
    lastMoved.delete(client);
  };
  const serve = () => {
    grantNext();
    // Half an answer whose client is gone must not keep out those who are there.
    for (const client of [...lastMoved.keys()]) {
      if (room.waiting.length === 0) return;
      if (deps.connected(client)) continue;
      deps.forget(client);
      release(client);
      grantNext();
    }
    if (room.waiting.length > 0) watch();
  };
  /** A line that stands still is ended: its client comes back by itself, and waits its turn. */
  const watch = () => {
    if (watching) return;
    watching = true;
    timers.set('room', deadlineMs, () => {
      watching = false;
      if (room.waiting.length === 0) return;
      const now = clock.now();
      for (const [client, at] of [...lastMoved])
        if (now - at >= deadlineMs && deps.connected(client)) deps.part(client);
      watch();
    });
  };
  return {
    called: (client, bytes) => void (room.has(client) || room.promise(client, bytes)),
    has: (client) => room.has(client),
    ready(client, bytes) {
      if (!room.ready(client, bytes)) return serve();
      lastMoved.set(client, clock.now());
      deps.grant(client);
    },
    moved: (client) => void lastMoved.set(client, clock.now()),
    restored(client, bytes) {
      if (!room.has(client)) room.restore(client, bytes);
      lastMoved.set(client, clock.now());
    },
    settled(client, bytes) {
      room.settle(client, bytes);
      lastMoved.delete(client);
      serve();
    },
    left(client) {
      if (deps.inMemory(client) === 0) release(client);
      serve();
    },
    renewed(clients) {
      for (const client of clients) release(client);
      serve();
    },
    emptied() {
      room.empty();
      serve();
    },
    get waiting() {
      return room.waiting;
    },
  };
}
