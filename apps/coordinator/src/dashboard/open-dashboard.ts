import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Lookers } from '../dashboard-token.ts';
import type { OperatorView } from '../operator-view.ts';
import type { Sink } from '../run-events.ts';
import { take } from './history.ts';
import { historyOf, keepHistory } from './kept-history.ts';
import { PAGE_HEADERS, pageFiles, readPage } from './page-files.ts';
import { pictureOf } from './picture.ts';

/** Pages that follow a run at once, and how often each is told. */
const VIEWERS = 32;
const TELL_MS = 1_000;

export interface DashboardDeps {
  readonly folder: string;
  readonly view: () => OperatorView;
  /** Who may look at the run. */
  readonly lookers: Lookers;
  readonly route: (path: string, answer: RequestListener) => void;
  readonly letIn: (socket: Socket) => void;
}

/** The page of a live run under `/dashboard/`. What happened before this process comes from the run's log. @throws STORAGE_FAILED */
export function openDashboard({ folder, view, lookers, route, letIn }: DashboardDeps): { sink: Sink; close(): void } {
  const history = historyOf(folder);
  const viewers = new Set<ServerResponse>();
  let changed = true;
  const tell = () => {
    if (!changed || viewers.size === 0) return;
    changed = false;
    const { clients: _, problems: __, ...head } = view();
    const line = `data: ${JSON.stringify(head)}\n\n`;
    // Each message is a whole state: whoever is too slow for one is told the next.
    for (const viewer of viewers) if (!viewer.writableNeedDrain) viewer.write(line);
  };
  const timer = setInterval(tell, TELL_MS);
  timer.unref();
  const guarded =
    (answer: RequestListener): RequestListener =>
    (request, response) => {
      if (lookers.allows(request)) return answer(request, response);
      response.writeHead(401, { ...PAGE_HEADERS, 'www-authenticate': 'Bearer', connection: 'close' });
      response.end(`${lookers.remedy}\n`);
    };
  routePage(route, lookers);
  route(
    '/dashboard/figures.json',
    guarded((request, response) => {
      const from = Number(new URLSearchParams(request.url?.split('?')[1]).get('from') ?? 0);
      sendJson(response, { live: true, pictures: [pictureOf(history, view(), Number.isInteger(from) ? from : 0)] });
    }),
  );
  route(
    '/dashboard/changes',
    guarded((request, response) => {
      if (viewers.size >= VIEWERS) {
        response.writeHead(503, { ...PAGE_HEADERS, connection: 'close' });
        response.end('too many pages follow this run\n');
        return;
      }
      letIn(request.socket);
      response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'text/event-stream' });
      response.write(': follows\n\n');
      viewers.add(response);
      response.once('close', () => viewers.delete(response));
      changed = true;
    }),
  );
  return {
    sink(event, at) {
      take(history, event, at);
      changed = true;
    },
    close() {
      tell();
      clearInterval(timer);
      for (const viewer of viewers) viewer.end();
      if (history.record.rounds > 0) keepHistory(folder, history);
    },
  };
}

/** The files of the page, for anyone, and whether who asks may see a run on it; `/` leads there. */
export function routePage(route: (path: string, answer: RequestListener) => void, lookers: Lookers): void {
  // A page that asked for figures without a token would have the refusal in its browser's list of errors.
  route('/dashboard/allowed.json', (request, response) => {
    const allowed = lookers.allows(request);
    sendJson(response, { allowed, byToken: lookers.token !== null, remedy: allowed ? null : lookers.remedy });
  });
  for (const name of pageFiles)
    route(`/dashboard/${name === 'index.html' ? '' : name}`, (_, response) => {
      const { type, text } = readPage(name);
      response.writeHead(200, { ...PAGE_HEADERS, 'content-type': type, connection: 'close' });
      response.end(text);
    });
  for (const path of ['/', '/dashboard'])
    route(path, (_, response) => {
      response.writeHead(302, { location: '/dashboard/', connection: 'close' });
      response.end();
    });
}

export function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(value));
}
