import { rmSync } from 'node:fs';
import { openThinClient } from '../wire/thin-client.ts';
import { startMeasured, THIN_INPUT } from '../wire/measured-coordinator.ts';
import { measured, type Benchmark } from './benchmark.ts';

const CLIENTS = 32;
/** Of float32: 4 MB a contribution. */
const PARAMETERS = 1_000_000;
const BOUND_MS = 50;
const ROUNDS = 8;

/** How late a coordinator hears its lines while many large contributions come in at once; the clients share its cores. */
export const eventLoopBenchmark: Benchmark = {
  name: 'event-loop',
  group: 'scale',
  summary: `The coordinator's event-loop delay, 99th percentile, while ${CLIENTS} clients send 4 MB each; an absolute bound.`,
  async measure(say) {
    const tasks = Array.from({ length: CLIENTS }, (_, place) => `task-${place}`);
    const coordinator = await startMeasured({ parameters: PARAMETERS, tasks, rounds: ROUNDS });
    const gradient = new Float32Array(PARAMETERS).fill(0.001);
    const clients = tasks.map((task) =>
      openThinClient({ url: coordinator.url, client: task, task, input: THIN_INPUT, gradient: () => gradient }),
    );
    try {
      await coordinator.until('checkpoint');
      await coordinator.read();
      await coordinator.until('round', (line) => line['round'] === ROUNDS - 1);
      const { p50, p99, max } = await coordinator.read();
      say(
        `the coordinator's event loop comes ${[p50, p99, max].map((ms) => ms.toFixed(1)).join(', ')} ms late: median, p99, most`,
      );
      await Promise.all(clients.map(({ done }) => done));
      const what = `${CLIENTS} clients × 4 MB: event-loop delay, 99th percentile, against the bound`;
      return [measured({ id: 'R11', what, ours: p99, baseline: BOUND_MS, unit: 'ms', goal: 1, better: 'lower' })];
    } finally {
      for (const client of clients) client.close();
      coordinator.child.process.kill('SIGKILL');
      rmSync(coordinator.folder, { recursive: true, force: true });
    }
  },
};
