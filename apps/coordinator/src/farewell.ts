import type { Clock, FinishedMessage } from '@trunkline/protocol';
import type { Member, Members } from './members.ts';

/** How long a finished run waits for clients that missed its end. */
const LINGER_MS = 10_000;

/** Tells every client that the run is over; one whose line is broken hears of it when it is back, for a while. */
export interface Farewell {
  /** Resolves when all have heard it, or after `LINGER_MS`. @param atLeast waits that long whoever has heard it: nobody is known yet */
  tell(message: FinishedMessage, atLeast?: boolean): Promise<void>;
  /** This one is back. */
  back(member: Member): void;
  /** Waits no longer. */
  cut(): void;
}

export function createFarewell(members: Members, clock: Clock): Farewell {
  const heard = new Set<string>();
  let message: FinishedMessage | undefined;
  let open = false;
  let settle: () => void = () => undefined;

  const tellOne = async ({ client, connection }: Member) => {
    if (!message || !connection) return;
    try {
      await connection.send('finished', message);
      heard.add(client);
      if (!open && [...members.all.keys()].every((name) => heard.has(name))) settle();
    } catch {
      // Its line broke: it is told when it is back.
    }
  };
  return {
    tell(given, atLeast = false) {
      message = given;
      open = atLeast;
      return new Promise<void>((done) => {
        const cancel = clock.after(LINGER_MS, done);
        // A timer that is left behind would keep the process for as long as it runs.
        settle = () => {
          cancel();
          done();
        };
        if (!open && members.all.size === 0) return settle();
        for (const member of members.all.values()) void tellOne(member);
      });
    },
    back: (member) => void tellOne(member),
    cut: () => settle(),
  };
}
