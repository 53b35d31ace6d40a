import {
  clientEvents,
  fail,
  isScattered,
  limits,
  toTrunklineError,
  type ClientEvent,
  type Reply,
} from '@trunkline/protocol';
import type { Allowance } from './allowance.ts';
import type { ClientHandlers, GatewayDeps } from './gateway.ts';

/** What hearing a client needs to know. */
export interface Hearing {
  readonly client: string;
  readonly handlers: ClientHandlers;
  readonly refused: GatewayDeps['refused'];
  /** How many refusals this client still has. */
  readonly allowance: Allowance;
  /** Ends the line with the reason given. */
  readonly refuse: (error: ReturnType<typeof fail>) => void;
  /** Messages that were not answered yet. */
  unanswered: number;
}

/** Checks one message, hands it on, and acknowledges it: by its answer, or by the error that it is refused with. Never rejects. */
export async function hearMessage(event: ClientEvent, args: unknown[], to: Hearing): Promise<void> {
  const acknowledge =
    typeof args.at(-1) === 'function' ? (args.pop() as (reply: Reply<unknown>) => void) : () => undefined;
  to.unanswered++;
  try {
    if (to.unanswered > limits.requests)
      throw fail('MESSAGE_INVALID', { event, problem: `${to.unanswered} messages are unanswered already` });
    const [message, bytes] = args;
    const parsed = clientEvents[event].safeParse(message);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw fail('MESSAGE_INVALID', { event, problem: `${issue.path.join('.') || 'message'}: ${issue.message}` });
    }
    if (event === 'chunk' && !isScattered(bytes)) throw fail('MESSAGE_INVALID', { event, problem: 'no bytes' });
    const handle = to.handlers[event] as (message: unknown, bytes: unknown) => unknown;
    const value = (await handle(parsed.data, bytes)) ?? {};
    acknowledge({ ok: true, value });
  } catch (thrown) {
    const error = toTrunklineError(thrown);
    acknowledge({ ok: false, error: error.report() });
    if (to.allowance.spend()) to.refused(to.client, event, error);
    else to.refuse(fail('REFUSALS_EXHAUSTED', { client: to.client, last: error.code }));
  } finally {
    to.unanswered--;
  }
}
