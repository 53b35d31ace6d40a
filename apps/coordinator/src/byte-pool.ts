/**
 * Memory of one size that is used again: uploads live for a round, and collecting them anew each round cost the coordinator more than
 * adding them up (a collection every second round at four clients).
 */
export interface BytePool {
  /** Memory of `size` bytes, its old contents still in it: whoever takes it writes all of it before anyone reads. */
  take(size: number): Uint8Array;
  /** Gives memory back that nobody reads any more. */
  give(bytes: Uint8Array): void;
}

/** Keeps at most `most` pieces. */
export function bytePool(most: number): BytePool {
  const free: Uint8Array[] = [];
  return {
    take(size) {
      const at = free.findIndex((bytes) => bytes.byteLength === size);
      return at < 0 ? new Uint8Array(size) : free.splice(at, 1)[0]!;
    },
    give(bytes) {
      if (free.length < most) free.push(bytes);
    },
  };
}
