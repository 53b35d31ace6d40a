/** Memory of one trunk in this process: the line writes it, the training thread reads it where it lies. */
export interface Lease {
  readonly bytes: Uint8Array;
  /** One more that needs it as it is; returns how to let it go, which does nothing when called again. */
  hold(): () => void;
}

/**
 * Shared with the training thread, so that a trunk is not copied on its way there, and used again once nobody holds it: new memory for each
 * round's trunk had both threads collect garbage every few rounds.
 */
export interface TrunkMemory {
  /** `size` bytes, their old contents still in them: whoever takes them writes all before anyone reads. */
  take(size: number): Lease;
}

export function createTrunkMemory(): TrunkMemory {
  // One is enough: while the next trunk arrives in it, the other is being trained on.
  let free: Uint8Array | undefined;
  return {
    take(size) {
      const bytes = free?.byteLength === size ? free : new Uint8Array(new SharedArrayBuffer(size));
      free = undefined;
      let holders = 0;
      return {
        bytes,
        hold() {
          holders++;
          let held = true;
          return () => {
            if (!held) return;
            held = false;
            if (--holders === 0) free = bytes;
          };
        },
      };
    },
  };
}
