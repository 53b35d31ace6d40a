import type { Socket } from 'node:net';
import { NodeWebSocket } from 'engine.io-client';
import { WebSocket } from 'ws';
import { fail, fromReport, leaveUnjoined, type ErrorReport } from '../index.ts';
import { isOwnMachine } from './route.ts';

/**
 * The WebSocket of a client. Three things differ from socket.io's own:
 *
 * It masks with zeros, on this machine and inside TLS. RFC 6455 wants unpredictable masks because a script in a browser could otherwise write requests into
 * a caching proxy's stream; a program that sends its own tensors has no such script, and masking in JavaScript costs
 * several times what everything else on the way does (docs/decisions/0004-zero-mask.md).
 *
 * A refused upgrade keeps its reason: the HTTP answer's text becomes the error, instead of "websocket error".
 *
 * A line that closes before the coordinator has said a word on it is an error. socket.io hears of a close only once it was greeted, and would wait out its 20 s:
 * what is left of a coordinator that is killed between its two first writes.
 */
export class ZeroMaskWebSocket extends NodeWebSocket {
  #socket: WebSocket | undefined;
  #line: Socket | undefined;
  #greeted = false;

  /** Bytes that came in so far. */
  get received(): number {
    return this.#line?.bytesRead ?? 0;
  }

  /** Ends the line without a word, as a network would: for one on which nothing moves any more. */
  cut(): void {
    this.#socket?.terminate();
  }

  override onPacket(packet: Parameters<NodeWebSocket['onPacket']>[0]): void {
    this.#greeted = true;
    super.onPacket(packet);
  }

  /** @param details left out where this side closes */
  override onClose(details?: Parameters<NodeWebSocket['onClose']>[0]): void {
    if (this.#greeted || !details || this.readyState === 'closed') return super.onClose(details);
    this.onError('the line closed before the coordinator said a word', details, undefined);
  }

  override createSocket(
    uri: string,
    protocols: string | string[] | undefined,
    options: Record<string, unknown>,
  ): WebSocket {
    const { hostname, protocol } = new URL(uri);
    const socket = new WebSocket(uri, protocols, {
      ...options,
      perMessageDeflate: false,
      ...(isOwnMachine(hostname) || protocol === 'wss:' ? { generateMask: (mask: Buffer) => mask.fill(0) } : {}),
    });
    this.#socket = socket;
    socket.on('upgrade', (response) => (this.#line = response.socket));
    socket.on('open', () => leaveUnjoined(socket));
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text = (text + part).slice(0, 4096)));
      // It may break off, which is no refusal: whoever spoke is gone.
      response.on('close', () =>
        socket.emit(
          'error',
          response.complete
            ? refusal(text, { uri, status: response.statusCode ?? 0 })
            : new Error('the answer broke off'),
        ),
      );
    });
    return socket;
  }
}

/** A coordinator says why it refuses; whatever else answers here is none. */
function refusal(text: string, { uri, status }: { uri: string; status: number }): Error {
  try {
    const report = JSON.parse(text) as Partial<ErrorReport>;
    if (typeof report.code === 'string' && typeof report.message === 'string') {
      return fromReport({ code: report.code, message: report.message, hint: report.hint ?? '' });
    }
  } catch (error) {
    return stranger(uri, status, error);
  }
  return stranger(uri, status);
}

const stranger = (uri: string, status: number, cause?: unknown): Error =>
  fail(
    'COORDINATOR_UNREACHABLE',
    { url: new URL(uri).origin.replace(/^ws/, 'http'), reason: `another program does (HTTP ${status}).` },
    cause,
  );
