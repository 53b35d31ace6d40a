import { EventEmitter } from 'node:events';
import { limits } from '../limits.ts';
import { pack, unpack } from './pack.ts';
import { sizeOf, type Scattered } from './scattered.ts';
import { wholeOf } from './unjoined.ts';

/**
 * The socket.io parser of Trunkline: a packet is one packed header frame, followed by one raw frame for each top-level binary
 * argument; a large one is handed on as it came, in parts. Tensor bytes are neither copied nor touched on either side. A stock parser would base its frames on JSON and
 * is several times slower on tensors; everything else stays plain socket.io.
 */
interface Packet {
  type: number;
  nsp: string;
  data?: unknown;
  id?: number;
}

/** [type, namespace, id, data, places of the binary arguments, their lengths] */
type Header = [number, string, number | null, unknown, number[], number[]];

export class Encoder {
  encode(packet: Packet): Uint8Array[] {
    const places: number[] = [];
    const frames: Uint8Array[] = [];
    let data = packet.data;
    if (Array.isArray(data)) {
      data = data.map((argument: unknown, place) => {
        if (!(argument instanceof Uint8Array)) return argument === undefined ? null : argument;
        places.push(place);
        frames.push(argument);
        return null;
      });
    }
    const lengths = frames.map((frame) => frame.byteLength);
    return [
      pack([packet.type, packet.nsp, packet.id ?? null, data ?? null, places, lengths] satisfies Header),
      ...frames,
    ];
  }
}

/** Throwing in `add` makes socket.io close the connection: what is wanted for bytes that no honest peer sends. */
export class Decoder extends EventEmitter {
  #header: Header | undefined;
  #frames: Scattered[] = [];

  add(frame: unknown): void {
    if (!(frame instanceof Uint8Array)) throw new TypeError('a text frame is not part of this protocol');
    const whole = wholeOf(frame);
    if (this.#header === undefined) this.#begin(whole);
    else this.#collect(whole);
  }

  destroy(): void {
    this.#header = undefined;
    this.#frames = [];
  }

  #begin(frame: Scattered): void {
    if (sizeOf(frame) > limits.controlBytes) throw new RangeError('a header frame is too large');
    const header = checkHeader(unpack(frame instanceof Uint8Array ? frame : Buffer.concat(frame)));
    if (header[4].length === 0) this.#emit(header);
    else this.#header = header;
  }

  #collect(frame: Scattered): void {
    const [, , , data, places, lengths] = this.#header!;
    const index = this.#frames.length;
    if (sizeOf(frame) !== lengths[index]) throw new RangeError('a binary frame does not have its announced length');
    this.#frames.push(frame);
    (data as unknown[])[places[index]!] = frame;
    if (this.#frames.length < places.length) return;
    const header = this.#header!;
    this.destroy();
    this.#emit(header);
  }

  #emit([type, nsp, id, data]: Header): void {
    const packet: Packet = { type, nsp };
    if (id !== null) packet.id = id;
    if (data !== null) packet.data = data;
    this.emit('decoded', packet);
  }
}

const isCount = (value: unknown, limit: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= limit;

/** Names that socket.io gives a meaning of its own: one who could send them would speak in its place. */
const RESERVED = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'error',
  'newListener',
  'removeListener',
]);
const isEventName = (name: unknown): boolean => typeof name === 'string' && !RESERVED.has(name);

function checkHeader(value: unknown): Header {
  const broken = (what: string) => new TypeError(`a packet header has no valid ${what}`);
  if (!Array.isArray(value) || value.length !== 6) throw broken('form');
  const [type, nsp, id, data, places, lengths] = value as unknown[];
  if (!isCount(type, 4)) throw broken('type');
  if (typeof nsp !== 'string' || nsp.length > 32) throw broken('namespace');
  if (id !== null && !isCount(id, Number.MAX_SAFE_INTEGER)) throw broken('id');
  // EVENT and ACK carry a list of arguments; an event begins with its name. CONNECT carries an object, the others may be empty.
  if ((type === 2 || type === 3) && !Array.isArray(data)) throw broken('arguments');
  if (type === 2 && !isEventName((data as unknown[])[0])) throw broken('event name');
  if (type === 0 && data !== null && (typeof data !== 'object' || Array.isArray(data))) throw broken('connect data');
  if (!Array.isArray(places) || !Array.isArray(lengths) || places.length !== lengths.length)
    throw broken('binary list');
  if (places.length > limits.attachments) throw broken('count of binary arguments');
  const last = Array.isArray(data) ? data.length - 1 : -1;
  if (!places.every((place) => isCount(place, last)) || new Set(places).size !== places.length)
    throw broken('binary place');
  if (!lengths.every((length) => isCount(length, limits.chunkBytes))) throw broken('binary length');
  return [type, nsp, id, data, places, lengths];
}
