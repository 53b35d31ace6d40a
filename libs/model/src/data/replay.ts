import type { Loader, Rows } from './source.ts';

const NOTHING: Rows = { size: 0, inputs: new Float32Array(), targets: {} };

/**
 * A plain iterator as a loader: round r is its r-th batch, whatever size is asked for. Rounds in order cost one batch each; an earlier one
 * opens the iterator anew and reads up to it. `endless`: after its last batch comes its first again; otherwise an empty one.
 */
export function replayed(
  first: AsyncIterable<Rows>,
  { reopen, endless }: { reopen: () => Promise<AsyncIterable<Rows>>; endless: boolean },
): Loader {
  let iterator = first[Symbol.asyncIterator]();
  let next = 0;
  /** Batches in one pass, once its end was seen. */
  let length: number | undefined;
  const batchAt = async (place: number): Promise<Rows> => {
    if (place < next) {
      await iterator.return?.();
      iterator = (await reopen())[Symbol.asyncIterator]();
      next = 0;
    }
    for (;;) {
      const step = await iterator.next();
      if (step.done) {
        length = next;
        return NOTHING;
      }
      if (next++ === place) return step.value;
    }
  };
  const read = async (round: number): Promise<Rows> => {
    const wrapped = (place: number) => (endless && length ? place % length : place);
    const known = wrapped(round);
    if (length !== undefined && known >= length) return NOTHING;
    const found = await batchAt(known);
    // The end was seen only just now: the round belongs to a later pass.
    return found.size === 0 && wrapped(round) !== known ? batchAt(wrapped(round)) : found;
  };
  // One read at a time: an earlier round may be asked for while a later one is read ahead, and both move the one iterator.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    batch({ round }) {
      const rows = turn.then(() => read(round));
      turn = rows.catch(() => undefined);
      return rows;
    },
  };
}
