/** Reads by round, the next one begun while its predecessor is in use. */
export interface Prefetch<T> {
  take(round: number): Promise<T>;
}

/**
 * Takes round r and begins to read round r + 1, if it is below `rounds`. A round asked for out of turn is read then and there, so
 * what is read never depends on what was read before. A failed read fails where its round is taken.
 * @param inMemory reading waits for nothing and keeps this thread: it begins once who took the round has done its work, while its answer is on its way
 */
export function prefetch<T>(
  read: (round: number) => Promise<T>,
  rounds: number,
  { inMemory = false }: { inMemory?: boolean | undefined } = {},
): Prefetch<T> {
  let next: { round: number; value: Promise<T> } | undefined;
  return {
    take(round) {
      const value = next?.round === round ? next.value : read(round);
      next = undefined;
      if (round + 1 < rounds) {
        // Begun once this round is read, so that the two do not compete, and before who waits for it goes on to its work.
        const begin = async () => {
          if (inMemory) await new Promise<void>((turn) => setImmediate(turn));
          return read(round + 1);
        };
        const ahead = value.then(begin, begin);
        ahead.catch(() => {});
        next = { round: round + 1, value: ahead };
      }
      return value;
    },
  };
}
