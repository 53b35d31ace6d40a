/** What can stop reading its line for a while: a WebSocket. */
export interface Reader {
  pause(): void;
  resume(): void;
}

/** Reads while nobody holds it up: several may have a reason to, and none of them makes it read before the others are done. */
export interface HeldReader {
  /** Stops it; returns how to let it go, which does nothing when called again. */
  hold(): () => void;
}

export function heldReader(reader: Reader): HeldReader {
  let holders = 0;
  return {
    hold() {
      if (holders++ === 0) reader.pause();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        if (--holders === 0) reader.resume();
      };
    },
  };
}
