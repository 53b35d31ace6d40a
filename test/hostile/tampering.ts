import { Encoder } from '@trunkline/protocol';

/** A packet on its way out, as the parser gets it. Of an event, `data` is [name, message, bytes?]; of a reply, [reply]. */
export interface Packet {
  readonly type: number;
  readonly nsp: string;
  readonly id?: number;
  readonly data?: unknown;
}

const EVENT = 2;
const REPLY = 3;

export const eventOf = ({ type, data }: Packet): readonly [name: string, message: unknown] | undefined =>
  type === EVENT ? (data as [string, unknown]) : undefined;

/** The value of the reply to `hello`, where the packet is one. */
export function welcomeIn({ type, data }: Packet): Record<string, unknown> | undefined {
  const reply = (data as readonly [{ value?: Record<string, unknown> }?] | undefined)?.[0];
  return type === REPLY && reply?.value?.['trunk'] !== undefined ? reply.value : undefined;
}

/** An event that nobody asked for. */
export const event = (name: string, message: unknown, ...bytes: Uint8Array[]): Packet => ({
  type: EVENT,
  nsp: '/',
  data: [name, message, ...bytes],
});

/**
 * Puts a liar into every line of this process: what is sent passes through `change`, which may answer with other packets. The coordinator behind it
 * is the real one, so everything before and after the lie is in order.
 * @returns how to take it out again
 */
export function tamper(change: (packet: Packet) => readonly Packet[]): () => void {
  const prototype: { encode: (this: Encoder, packet: Packet) => Uint8Array[] } = Encoder.prototype;
  const honest = prototype.encode;
  prototype.encode = function (packet) {
    return change(packet).flatMap((one) => honest.call(this, one));
  };
  return () => void (prototype.encode = honest);
}
