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

/** Keeps at most `most` pieces. `make`: where new ones come from. */
export function bytePool(most: number, make = (size: number): Uint8Array => new Uint8Array(size)): BytePool {
  const free: Uint8Array[] = [];
  return {
    take(size) {
      const at = free.findIndex((bytes) => bytes.byteLength === size);
      return at < 0 ? make(size) : free.splice(at, 1)[0]!;
    },
    give(bytes) {
      if (free.length < most) free.push(bytes);
    },
  };
}
