import type { RequestListener } from 'node:http';
import type { Lookers } from './dashboard-token.ts';
import type { OperatorView } from './operator-view.ts';
import { PROMETHEUS_TYPE, prometheusText } from './sinks/prometheus.ts';

/** What a run's HTTP server says of the run itself. */
export interface FigurePages {
  /** Open to all: 200 while rounds are trained or scored, otherwise 503; names nothing. */
  readonly ready: RequestListener;
  /** Prometheus' text, for who may look. */
  readonly metrics: RequestListener;
}

const READY: ReadonlySet<OperatorView['state']> = new Set(['training', 'evaluating']);

/** @param lookers who may look at the run */
export function figurePages(view: () => OperatorView, lookers: Pick<Lookers, 'allows' | 'remedy'>): FigurePages {
  return {
    ready(_, response) {
      const { state } = view();
      response.writeHead(READY.has(state) ? 200 : 503, { 'content-type': 'text/plain', connection: 'close' });
      response.end(`${state}\n`);
    },
    metrics(request, response) {
      if (!lookers.allows(request)) {
        response.writeHead(401, { 'www-authenticate': 'Bearer', 'content-type': 'text/plain', connection: 'close' });
        response.end(`${lookers.remedy}\n`);
        return;
      }
      const { user, system } = process.cpuUsage();
      const figures = { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 };
      response.writeHead(200, { 'content-type': PROMETHEUS_TYPE, 'cache-control': 'no-store', connection: 'close' });
      response.end(prometheusText(view(), figures));
    },
  };
}
