const PLAIN_EVERY_MS = 10_000;

/**
 * Says on `stream` what is being done: one line that is rewritten on a terminal, elsewhere plain lines, at most one in ten
 * seconds for a stage that goes on.
 * @param {NodeJS.WriteStream} stream
 */
export function createProgress(stream) {
  /** @type {{ name: string, seconds: number }[]} */
  const stages = [];
  let shown = 0;
  const rewrite = (text) => stream.write(`\r\u001b[2K${text}`);
  return {
    stages,
    /** One line that stays. @param {string} text */
    say(text) {
      if (stream.isTTY) rewrite('');
      stream.write(`${text}\n`);
    },
    /**
     * Runs `work` as the stage `name`; its time is kept even when it fails.
     * @template T
     * @param {string} name
     * @param {(note: (text: string) => void) => Promise<T>} work
     * @returns {Promise<T>}
     */
    async stage(name, work) {
      const started = performance.now();
      const note = (text) => {
        const line = `  ${name}: ${text}`;
        if (stream.isTTY) rewrite(line.slice(0, (stream.columns || 80) - 1));
        else if (Date.now() - shown > PLAIN_EVERY_MS) {
          shown = Date.now();
          stream.write(`${line}\n`);
        }
      };
      if (stream.isTTY) rewrite(`  ${name} ...`);
      else stream.write(`  ${name} ...\n`);
      shown = Date.now();
      try {
        return await work(note);
      } finally {
        const seconds = (performance.now() - started) / 1000;
        stages.push({ name, seconds });
        if (stream.isTTY) rewrite('');
        stream.write(`  ${name}: ${seconds.toFixed(1)} s\n`);
      }
    },
  };
}
