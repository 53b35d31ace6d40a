import { request } from 'node:http';
import type { Socket } from 'node:net';
import { Decoder, Encoder, handshake, PROTOCOL_VERSION, type Reply } from '@trunkline/protocol';
import { CHALLENGE_PATH, knockText } from '@trunkline/protocol/seal';
import { identityOf } from './thin-client.ts';

/** The bytes under an admitted WebSocket: whoever holds them may write whatever comes to mind. */
export async function admittedSocket(url: string, client: string, identity = identityOf(client)): Promise<Socket> {
  const { nonce, coordinator } = (await (await fetch(new URL(CHALLENGE_PATH, url))).json()) as {
    nonce: string;
    coordinator: string;
  };
  return new Promise((resolve, reject) => {
    const upgrade = request(new URL('/socket.io/?EIO=4&transport=websocket', url), {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        [handshake.protocol]: String(PROTOCOL_VERSION),
        [handshake.client]: client,
        [handshake.key]: identity.key,
        [handshake.nonce]: nonce,
        [handshake.signature]: identity.sign(knockText({ nonce, coordinator, client, token: undefined })),
      },
    });
    upgrade.once('upgrade', (_response, socket) => resolve(socket.on('error', () => undefined)));
    upgrade.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => reject(new Error(`refused with ${response.statusCode}: ${text}`)));
    });
    upgrade.once('error', reject);
    upgrade.end();
  });
}

/** A WebSocket frame as a client sends it, masked with zeros. */
export function webSocketFrame(payload: Uint8Array, opcode = 2): Buffer {
  const { length } = payload;
  const wide = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  wide[0] = 0x80 | opcode;
  wide[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (wide.length === 4) wide.writeUInt16BE(length, 2);
  if (wide.length === 10) wide.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([wide, Buffer.alloc(4), payload]);
}

/** A line on which single frames can be sent and their answers be heard. */
export interface RawLine {
  /** Sends frames as they are. */
  send(frames: readonly Uint8Array[]): void;
  /** The reply to the packet with this id, or null once the line has ended without. */
  reply(id: number): Promise<Reply<unknown> | null>;
  /** What the coordinator said before it ended the line. */
  readonly refused: Promise<{ code: string; message: string } | null>;
  readonly closed: Promise<void>;
  close(): void;
}

export const CONNECT = new Encoder().encode({ type: 0, nsp: '/' });

export async function openRawLine(url: string, client: string): Promise<RawLine> {
  const socket = await admittedSocket(url, client);
  const replies = new Map<number, (reply: Reply<unknown> | null) => void>();
  const early = new Map<number, Reply<unknown>>();
  let refuse: (report: { code: string; message: string } | null) => void = () => undefined;
  const refused = new Promise<{ code: string; message: string } | null>((resolve) => (refuse = resolve));
  let stand: () => void = () => undefined;
  const standing = new Promise<void>((resolve) => (stand = resolve));
  const decoder = new Decoder();
  decoder.on('decoded', ({ type, id, data }: { type: number; id?: number; data?: unknown[] }) => {
    if (type === 0) stand();
    if (type === 2 && data?.[0] === 'refused') refuse(data[1] as { code: string; message: string });
    if (type !== 3) return;
    const reply = data![0] as Reply<unknown>;
    const wanted = replies.get(id!);
    if (wanted) wanted(reply);
    else early.set(id!, reply);
  });
  let rest = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    for (;;) {
      if (rest.length < 2) return;
      const short = rest[1]! & 0x7f;
      const begin = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (rest.length < begin) return;
      const length = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
      if (rest.length < begin + length) return;
      const payload = Uint8Array.from(rest.subarray(begin, begin + length));
      const opcode = rest[0]! & 0x0f;
      rest = rest.subarray(begin + length);
      if (opcode === 2) decoder.add(payload);
    }
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  void closed.then(() => {
    for (const wanted of replies.values()) wanted(null);
    refuse(null);
    stand();
  });
  socket.write(webSocketFrame(CONNECT[0]!));
  await standing;
  return {
    send(frames) {
      for (const frame of frames) if (!socket.destroyed) socket.write(webSocketFrame(frame));
    },
    reply: (id) =>
      new Promise((resolve) => {
        if (early.has(id)) resolve(early.get(id)!);
        else if (socket.destroyed) resolve(null);
        else replies.set(id, resolve);
      }),
    refused,
    closed,
    close: () => void socket.destroy(),
  };
}
