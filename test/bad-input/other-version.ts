import { createServer, connect, type AddressInfo } from 'node:net';
import { handshake } from '@trunkline/protocol';

/** A way to a coordinator on which every client speaks protocol 99: it changes that one header. */
export async function otherVersion(url: string): Promise<{ url: string; close(): void }> {
  const { hostname, port } = new URL(url);
  const header = new RegExp(`(?<=${handshake.protocol}: )\\d+`, 'i');
  const server = createServer((client) => {
    const coordinator = connect(Number(port), hostname);
    client.once('data', (request) => {
      coordinator.write(request.toString('latin1').replace(header, '99'), 'latin1');
      client.pipe(coordinator);
    });
    coordinator.pipe(client);
    for (const [one, other] of [
      [client, coordinator],
      [coordinator, client],
    ] as const)
      one.on('error', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}
