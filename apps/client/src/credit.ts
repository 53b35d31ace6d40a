/** Upload credit: how many contributions' worth of chunks the coordinator has memory for. Whoever has none waits. */
export interface Credit {
  set(chunks: number): void;
  add(chunks: number): void;
  /** Resolves when at least one chunk may be sent; credit is given for whole contributions. */
  readonly use: () => Promise<void>;
}

export function createCredit(): Credit {
  let chunks = 0;
  let waiting: (() => void)[] = [];
  const wake = () => {
    if (chunks <= 0) return;
    const ready = waiting;
    waiting = [];
    for (const resume of ready) resume();
  };
  return {
    set(given) {
      chunks = given;
      wake();
    },
    add(more) {
      chunks += more;
      wake();
    },
    use: () => (chunks > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
