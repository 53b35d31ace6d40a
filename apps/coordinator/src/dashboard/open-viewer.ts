import { join } from 'node:path';
import { openLookers } from '../dashboard-token.ts';
import { runsIn } from '../find-run.ts';
import { createHttp } from '../http.ts';
import { PAGE_HEADERS } from './page-files.ts';
import { COMPARED } from './compared.ts';
import { routePage, sendJson } from './open-dashboard.ts';
import { pastRun } from './past-run.ts';
import { runList } from './run-list.ts';

/** A page of all runs in a folder, on loopback only: `?run=a` opens one, several are compared. @throws PORT_IN_USE, LISTEN_FAILED */
export async function openViewer(
  runs: string,
  { port, now }: { port: number; now: () => Date },
): Promise<{ url: string; close(): Promise<void> }> {
  const http = createHttp({ challenge: () => '{}' });
  const lookers = openLookers(runs, { loopback: true, random: () => new Uint8Array() });
  routePage((path, answer) => http.route(path, answer), lookers);
  http.route('/dashboard/figures.json', (request, response) => {
    const refuse = (status: number, text: string) => {
      response.writeHead(status, { ...PAGE_HEADERS, 'content-type': 'text/plain', connection: 'close' });
      response.end(text);
    };
    if (!lookers.allows(request)) return refuse(401, `${lookers.remedy}\n`);
    const asked = new URLSearchParams(request.url?.split('?')[1]);
    const known = runsIn(runs);
    const named = asked.getAll('run').slice(0, COMPARED);
    if (named.length === 0) {
      runList(runs).then(
        (list) => sendJson(response, { live: false, runs: list }),
        (error: unknown) => refuse(500, `${(error as Error).message}\n`),
      );
      return;
    }
    const unknown = named.find((name) => !known.includes(name));
    if (unknown !== undefined)
      return refuse(404, `There is no run ${unknown} in this folder; /dashboard/ lists those that are.\n`);
    try {
      const from = Number(asked.get('from') ?? 0) || 0;
      sendJson(response, { live: false, pictures: named.map((name) => pastRun(join(runs, name), now(), from)) });
    } catch (error) {
      refuse(500, `${(error as Error).message}\n`);
    }
  });
  const bound = await http.listen({ host: '127.0.0.1', port, at: () => '--port' });
  return { url: `http://127.0.0.1:${bound}/dashboard/`, close: () => http.close() };
}
