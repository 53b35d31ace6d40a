import { connect, type Socket } from 'node:net';

/** Someone who knows a coordinator's address and nothing else. */
export interface Stranger {
  readonly socket: Socket;
  /** All that it was told. */
  heard(): string;
}

/** Nothing at all, and half of something: who says this holds a socket for as long as it is let. */
export const holding: readonly string[] = ['', `GET / HTTP/1.1\r\nHost: coordinator\r\nX-Long: ${'x'.repeat(6_000)}`];

/** What strangers say that want an answer, each in its own way. `knock`: the headers of a well-made handshake of someone whom nobody invited. */
export const saying = (knock: Readonly<Record<string, string>>): readonly string[] => {
  const upgrade = (headers: Readonly<Record<string, string>>) =>
    [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      'Host: coordinator',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${'a'.repeat(22)}==`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      '',
    ].join('\r\n');
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: coordinator\r\n\r\n`;
  return [
    `POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: coordinator\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(20_000)}`,
    get('/challenge'),
    upgrade(knock),
    upgrade({ ...knock, 'x-trunkline-protocol': '0' }),
    upgrade({ ...knock, authorization: `Bearer ${'A'.repeat(300)}.${'B'.repeat(86)}` }),
    upgrade({}),
    ...['/', '/metrics', '/health', '/status', '/socket.io/?EIO=4&transport=polling', '/../events.jsonl'].map(get),
    `GET / HTTP/1.1\r\nX: ${'y'.repeat(200_000)}\r\n\r\n`,
    Buffer.from(Array.from({ length: 2_000 }, (_, i) => (i * 89) & 0xff)).toString('latin1'),
  ];
};

/** Resolves once its words are with the system. */
export function strangerAt(url: string, words: string): Promise<Stranger> {
  const { hostname, port } = new URL(url);
  let text = '';
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.removeListener('error', reject);
      socket.on('error', () => undefined);
      if (words !== '') socket.write(words, 'latin1');
      resolve({ socket, heard: () => text });
    });
    socket.once('error', reject);
    socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  });
}
