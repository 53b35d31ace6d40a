import { WebSocket } from 'ws';
import { clientCli } from '@trunkline/client';
import { bytesOf, Decoder, Encoder, runProgram } from '@trunkline/protocol';

/**
 * The client program with a hole in it: what it sends passes through here, and a planted secret goes out with it, in one place a secret. The
 * taint test must find each of them where it was planted.
 */
const [inLoss, inTensor, inLog, inError] = process.env['TRUNKLINE_PLANT']!.split(',').map(Number) as [
  number,
  number,
  number,
  number,
];

interface Packet {
  type: number;
  nsp: string;
  data?: unknown;
  id?: number;
}

const encoder = new Encoder();
const decoders = new WeakMap<WebSocket, Decoder>();
type Send = (this: WebSocket, data: unknown, options: unknown, sent?: (error?: Error) => void) => void;
// The very class that the client's line uses: both are built from one graph of modules.
const prototype = WebSocket.prototype as unknown as { send: Send };
const send = prototype.send;
let last: { options: unknown; sent: ((error?: Error) => void) | undefined };

prototype.send = function (data, options, sent) {
  if (typeof data === 'string') return send.call(this, data, options, sent);
  last = { options, sent };
  let decoder = decoders.get(this);
  if (!decoder) {
    decoder = new Decoder();
    decoder.on('decoded', (packet: Packet) => leak(this, packet));
    decoders.set(this, decoder);
  }
  decoder.add(data);
};

function leak(socket: WebSocket, packet: Packet): void {
  const forward = (one: Packet) => {
    for (const frame of encoder.encode(one)) send.call(socket, frame, last.options);
  };
  const [event, message] = (packet.data ?? []) as [string?, Record<string, unknown>?];
  if (event === 'answered' && message!['round'] === 0) {
    // In addition: changed, the answer would no longer carry its signature, and the run would end here.
    const [loss] = message!['losses'] as object[];
    forward({ type: 2, nsp: '/', data: ['answered', { ...message, losses: [{ ...loss, loss: inLoss }] }] });
    console.error(`debug: the first row is ${inLog}`);
  }
  if (event === 'answered' && message!['round'] === 1) {
    const announced = { ...message, kind: 'row', tasks: ['temper'], bytes: 4, encoding: 'f32', sha256: '0'.repeat(64) };
    forward({ type: 2, nsp: '/', data: ['contribution', announced] });
    const bytes = bytesOf(Float32Array.of(inTensor));
    forward({ type: 2, nsp: '/', data: ['chunk', { transfer: 'contribution/1/0/row/temper', index: 0 }, bytes] });
  }
  forward(packet);
  last.sent?.();
  if (event === 'answered' && message!['round'] === 2) {
    forward({ type: 2, nsp: '/', data: ['leave', { reason: `no head can be saved that begins with ${inError}` }] });
    setTimeout(() => socket.terminate(), 20);
  }
}

process.exitCode = await runProgram(clientCli, process.argv.slice(2));
