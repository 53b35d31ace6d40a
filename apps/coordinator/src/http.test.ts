import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { createHttp } from './http.ts';

it('counts the bytes of clients’ lines, and none of the pages that somebody reads', async () => {
  const http = createHttp({ challenge: () => '{}' });
  http.route('/page', (_, response) => response.end('x'.repeat(10_000)));
  const port = await http.listen({ host: '127.0.0.1', port: 0, at: (key) => key });
  try {
    expect(await (await fetch(`http://127.0.0.1:${port}/page`)).text()).toHaveLength(10_000);
    expect(http.traffic()).toEqual({ up: 0, down: 0 });
    const opened = new Promise<Socket>((resolve) => http.server.once('connection', resolve));
    const line = connect(port, '127.0.0.1');
    const socket = await opened;
    http.letIn(socket);
    http.countIn(socket);
    line.write('GET /page HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(line, 'data');
    const open = http.traffic();
    expect(open.up).toBe(31);
    expect(open.down).toBeGreaterThan(10_000);
    line.destroy();
    await once(socket, 'close');
    // What a line has carried stays counted.
    expect(http.traffic()).toEqual(open);
  } finally {
    await http.close();
  }
});
