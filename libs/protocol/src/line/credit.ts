/** Upload credit: how many contributions' worth of chunks the coordinator has memory for. Whoever has none waits. */
export interface Credit {
  set(chunks: number): void;
  add(chunks: number): void;
  /** Resolves when at least one chunk may be sent; credit is given for whole contributions. `short` is called where it has to wait. */
  use(short: () => Promise<unknown>): Promise<void>;
  /** Somebody waits for it. */
  readonly awaited: boolean;
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
    async use(short) {
      if (chunks > 0) return;
      let resume: () => void = () => undefined;
      const given = new Promise<void>((resolve) => waiting.push((resume = resolve)));
      try {
        await short();
      } catch (error) {
        waiting = waiting.filter((other) => other !== resume);
        throw error;
      }
      await given;
    },
    get awaited() {
      return waiting.length > 0;
    },
  };
}
