import type { Clock } from '../clock.ts';
import { replyTo } from '../events.ts';
import { fail, fromReport } from '../fail.ts';
import { limits } from '../limits.ts';

/** What one side asked over one line and has no answer to yet. Both sides keep theirs here. */
export interface Requests {
  /** Resolves with the reply's value; rejects with its error, or once the line is lost. */
  ask(event: string, ...args: readonly unknown[]): Promise<unknown>;
  /** The line is gone: whoever waits hears so at once, not when his time is over. */
  broken(error: Error): void;
  /** Requests without an answer. */
  readonly open: number;
}

export interface RequestsDeps {
  /** Sends; `acknowledge` is called with whatever the other side replies, if it ever does. */
  readonly emit: (event: string, args: readonly unknown[], acknowledge: (reply: unknown) => void) => void;
  readonly connected: () => boolean;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /**
   * The other side reads no more: nothing was acknowledged for `limits.ackMs` though something is owed, one answer is owed for
   * `limits.answerMs`, or more than `limits.requests` are. The line counts as lost; end it.
   */
  readonly silent: (reason: string) => void;
}

interface Waiting {
  readonly since: number;
  readonly reject: (error: Error) => void;
}

/** A text that tells a broken line from every other failure. */
export const lineBroken = (reason: string): Error => new Error(`${BROKEN}: ${reason}`);
const BROKEN = 'connection lost';

/** The line broke while something was on its way: nobody's mistake, and said by whoever ends the line. */
export const isLineBroken = (thrown: unknown): boolean => thrown instanceof Error && thrown.message.startsWith(BROKEN);

export function createRequests({ emit, connected, clock, silent }: RequestsDeps): Requests {
  const open = new Set<Waiting>();
  /** When the last acknowledgement came, or the first request since none was owed. */
  let progress = 0;
  let cancel: (() => void) | undefined;

  const giveUp = (reason: string) => {
    requests.broken(lineBroken(reason));
    silent(reason);
  };
  /** One timer a line, not one a request: it rings when the next deadline may have come, and looks. */
  const watch = () => {
    cancel = undefined;
    const [oldest] = open;
    if (!oldest) return;
    const now = clock.now();
    const left = Math.min(progress + limits.ackMs, oldest.since + limits.answerMs) - now;
    if (left > 0) cancel = clock.after(left, watch);
    else giveUp(`no answer for ${Math.round((now - Math.min(progress, oldest.since)) / 1000)} s`);
  };
  const requests: Requests = {
    ask: (event, ...args) =>
      new Promise((resolve, reject) => {
        if (!connected()) return reject(lineBroken('not connected'));
        if (open.size >= limits.requests) {
          giveUp(`${open.size} messages are unanswered`);
          return reject(lineBroken('too many messages are unanswered'));
        }
        const now = clock.now();
        if (open.size === 0) progress = now;
        const waiting: Waiting = { since: now, reject };
        open.add(waiting);
        cancel ??= clock.after(limits.ackMs, watch);
        emit(event, args, (reply) => {
          if (!open.delete(waiting)) return;
          progress = clock.now();
          if (open.size === 0) {
            cancel?.();
            cancel = undefined;
          }
          const parsed = replyTo(event).safeParse(reply);
          if (!parsed.success) {
            const problem = `its answer: ${parsed.error.issues[0]!.message}`;
            reject(fail('MESSAGE_INVALID', { event, problem }));
          } else if (parsed.data.ok) resolve(parsed.data.value);
          else reject(fromReport(parsed.data.error));
        });
      }),
    broken(error) {
      cancel?.();
      cancel = undefined;
      const all = [...open];
      open.clear();
      for (const { reject } of all) reject(error);
    },
    get open() {
      return open.size;
    },
  };
  return requests;
}
