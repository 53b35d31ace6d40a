/** Ctrl-C and SIGTERM as a command hears them. */
export interface Interrupts {
  /** One came; also while the command was still starting, and there was nothing to stop yet. */
  readonly heard: boolean;
  /** Leaves the signals to the process again. */
  release(): void;
}

/** Hears Ctrl-C and SIGTERM from now on, each once: a second of its kind ends the process. @param stop ends what runs, if something does already */
export function hearInterrupts(stop: () => void): Interrupts {
  let heard = false;
  const interrupt = () => {
    heard = true;
    stop();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  return {
    get heard() {
      return heard;
    },
    release() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}
