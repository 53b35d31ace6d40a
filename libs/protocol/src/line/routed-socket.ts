import type { Dialling } from './route.ts';
import { ZeroMaskWebSocket } from './zero-mask.ts';

/** With an agent Node would ask that one for the connection. */
const DIRECT = { agent: undefined };

/** The client's WebSocket, over a route: its own authority, its proxy. */
export const routedSocket = (dialling: Dialling): typeof ZeroMaskWebSocket =>
  class extends ZeroMaskWebSocket {
    override createSocket(uri: string, protocols: string | string[] | undefined, options: Record<string, unknown>) {
      return super.createSocket(uri, protocols, {
        ...options,
        ...dialling,
        ...(dialling.createConnection ? DIRECT : {}),
      });
    }
  };
