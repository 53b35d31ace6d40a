import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** An HTTP proxy that carries connections by CONNECT; every name leads to this machine. */
export async function connectProxy(credentials: string): Promise<{
  url: string;
  /** What it was asked to connect to, in order. */
  asked: string[];
  close(): void;
}> {
  const asked: string[] = [];
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    asked.push(request.url ?? '');
    const shown = request.headers['proxy-authorization'];
    if (shown !== `Basic ${Buffer.from(credentials).toString('base64')}`)
      return client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const port = Number(request.url?.split(':').at(-1));
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const)
      one.on('error', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close: () => server.close() };
}
