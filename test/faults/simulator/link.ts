import {
  coordinatorEvents,
  createPace,
  createRequests,
  fail,
  fromReport,
  lineBroken,
  toTrunklineError,
  type CoordinatorEvent,
  type ErrorReport,
  type TrunklineError,
} from '@trunkline/protocol';
import type { ConversationDeps } from '@trunkline/client';
import type { End, Line } from './line.ts';
import type { Network } from './network.ts';
import type { Process, World } from './world.ts';

/** Long enough for a client to be started while its way is blocked. */
const FIRST_MS = 600_000;
const LATER_MS = 3_600_000;
/** As the client's link comes back: pauses double from the first to the longest, each up to half longer or shorter. */
const BACK_OFF = { firstMs: 100, mostMs: 5_000, jitter: 0.5 };
const URL = 'http://coordinator';

type OpenLink = ConversationDeps['link'];

/** The client's line over the simulated network: does what `link.ts` of the client makes socket.io do. */
export const openLink =
  (world: World, network: Network, { client, process }: { client: string; process: Process }): OpenLink =>
  (deps) => {
    const { clock } = process;
    let line: Line | undefined;
    let pace = createPace(() => clock.now());
    let stood = false;
    let over = false;
    let attempts = 0;
    let patience = () => {};
    const leave = () => line?.close('client', 'io client disconnect', 'client namespace disconnect');
    const requests = createRequests({
      emit: (event, args, acknowledge) => line?.emit('client', event, args, acknowledge),
      connected: () => line?.isOpen('client') ?? false,
      clock,
      silent: () => line?.cut(),
    });

    const failOnce = (error: TrunklineError) => {
      if (over || !process.alive) return;
      over = true;
      patience();
      leave();
      requests.broken(error);
      deps.failed(error);
    };
    const wait = (ms: number, error: () => TrunklineError) => {
      patience();
      patience = clock.after(ms, () => failOnce(error()));
    };
    const dial = () => {
      if (!over) network.dial({ client, process, failed, opened });
    };
    const comeAgain = () => {
      const ms = Math.min(BACK_OFF.mostMs, BACK_OFF.firstMs * 2 ** attempts++);
      clock.after(ms * (1 - BACK_OFF.jitter + 2 * BACK_OFF.jitter * world.random.uniform()), dial);
    };
    const failed = (error: TrunklineError | null) => {
      if (over) return;
      // As in the client: a refusal is final, unless it is this client's own line that is not yet known to be dead.
      if (error && !(stood && error.code === 'CLIENT_DUPLICATE')) failOnce(error);
      else comeAgain();
    };
    const opened = (stands: Line): End => {
      line = stands;
      if (over) leave();
      else {
        attempts = 0;
        patience();
        stood = true;
        pace = createPace(() => clock.now());
        deps.connected();
      }
      return end;
    };
    const handlers = deps.handlers as Record<CoordinatorEvent, (message: unknown, bytes: unknown) => unknown>;
    const end: End = {
      process,
      message(event, args, acknowledge) {
        if (event === 'refused') return failOnce(fromReport(args[0] as ErrorReport));
        try {
          const parsed = coordinatorEvents[event as CoordinatorEvent].safeParse(args[0]);
          if (!parsed.success) throw fail('MESSAGE_INVALID', { event, problem: parsed.error.issues[0]!.message });
          acknowledge({ ok: true, value: handlers[event as CoordinatorEvent](parsed.data, args[1]) ?? {} });
        } catch (thrown) {
          acknowledge({ ok: false, error: toTrunklineError(thrown).report() });
        }
      },
      closed(reason) {
        requests.broken(lineBroken(reason));
        if (over) return;
        deps.lost(reason);
        wait(LATER_MS, () => fail('CONNECTION_LOST', { url: URL, seconds: LATER_MS / 1000 }));
        comeAgain();
      },
    };
    wait(FIRST_MS, () => fail('COORDINATOR_UNREACHABLE', { url: URL, reason: 'no answer.' }));
    dial();
    return {
      request: (event, message) => requests.ask(event, message) as never,
      chunk: async (message, bytes) => void (await requests.ask('chunk', message, bytes)),
      get pace() {
        return pace;
      },
      close() {
        over = true;
        patience();
        leave();
      },
    };
  };
