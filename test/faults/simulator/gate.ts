import {
  createPace,
  createRequests,
  fail,
  lineBroken,
  type ClientEvent,
  type TrunklineError,
} from '@trunkline/protocol';
import { hearMessage, refusalAllowances, type Connection, type Core } from '@trunkline/coordinator';
import type { Network } from './network.ts';
import type { Process } from './world.ts';

interface GateDeps {
  readonly process: Process;
  readonly core: Core;
  /** A message goes out. */
  readonly sent: (event: string, message: unknown) => void;
  /** A message was answered with an error. */
  readonly refused: (client: string, event: string, error: TrunklineError) => void;
}

/** The coordinator's door over the simulated network: does what `gateway.ts` makes socket.io do. */
export function openGate(network: Network, { process, core, sent, refused }: GateDeps): void {
  const { clock } = process;
  const allowances = refusalAllowances(clock);
  /** Clients whose line stands, whether they have joined over it or not. */
  const inside = new Set<string>();
  network.listen({
    process,
    admit: (client) => (inside.has(client) ? fail('CLIENT_DUPLICATE', { client }) : null),
    enter(client, line) {
      inside.add(client);
      const requests = createRequests({
        emit: (event, args, acknowledge) => line().emit('coordinator', event, args, acknowledge),
        connected: () => line().isOpen('coordinator'),
        clock,
        silent: () => line().cut(),
      });
      const part = () => line().close('coordinator', 'server namespace disconnect', 'io server disconnect');
      const connection: Connection = {
        client,
        pace: createPace(() => clock.now()),
        send(event, message) {
          sent(event, message);
          return requests.ask(event, message) as never;
        },
        chunk: async (message, bytes) => void (await requests.ask('chunk', message, bytes)),
        refuse(error) {
          line().emit('coordinator', 'refused', [error.report()]);
          part();
        },
        close: part,
      };
      const hearing = {
        client,
        handlers: core.connected(connection),
        refused,
        allowance: allowances(client),
        refuse: (error: TrunklineError) => connection.refuse(error),
        unanswered: 0,
      };
      return {
        process,
        message: (event, args, acknowledge) => void hearMessage(event as ClientEvent, [...args, acknowledge], hearing),
        closed(reason) {
          inside.delete(client);
          requests.broken(lineBroken(reason));
          core.disconnected(client, reason);
        },
      };
    },
  });
}
