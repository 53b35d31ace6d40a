import { rmSync } from 'node:fs';
import { startMeasured, THIN_INPUT } from '../wire/measured-coordinator.ts';
import { openThinClient } from '../wire/thin-client.ts';
import { measured, type Benchmark } from './benchmark.ts';
import { peakOf } from './peak-of.ts';

const [FEW, MANY] = [8, 64];
/** Of float32: 4 MB a contribution. */
const PARAMETERS = 1_000_000;
const ROUNDS = 4;
/** Eight contributions: by default the coordinator would have room for all of them, and let everyone send at once. */
const ROOM_MB = 32;

/** What a coordinator holds while many clients answer, against a design that keeps every contribution until the round closes. */
export const roundMemoryBenchmark: Benchmark = {
  name: 'round-memory',
  ids: ['M1'],
  group: 'scale',
  summary: `The coordinator's peak above idle with ${MANY} clients × 4 MB and room for ${ROOM_MB} MB, against keeping all contributions, and against ${FEW} clients.`,
  async measure(say) {
    const few = await peakAboveIdle(FEW);
    const many = await peakAboveIdle(MANY);
    const bufferAll = (MANY + 2) * PARAMETERS * 4;
    say(
      `peak above idle: ${megabytes(few)} with ${FEW} clients, ${megabytes(many)} with ${MANY}; keeping all takes ${megabytes(bufferAll)}`,
    );
    return [
      measured({
        id: 'M1',
        what: `${MANY} clients × 4 MB, uploadsMb ${ROOM_MB}: the coordinator’s peak above idle, against the bytes of a design that keeps all contributions`,
        ...{ ours: many / 1e6, baseline: bufferAll / 1e6, unit: 'MB', goal: 0.5, better: 'lower' },
      }),
      measured({
        id: 'M1-growth',
        what: `the coordinator’s peak above idle with ${MANY} clients × 4 MB, against ${FEW} clients`,
        ...{ ours: many / 1e6, baseline: few / 1e6, unit: 'MB', goal: 1.1, better: 'lower' },
      }),
    ];
  },
};

async function peakAboveIdle(count: number): Promise<number> {
  const tasks = Array.from({ length: count }, (_, place) => `task-${String(place).padStart(2, '0')}`);
  const coordinator = await startMeasured({
    parameters: PARAMETERS,
    tasks,
    rounds: ROUNDS,
    more: `uploadsMb: ${ROOM_MB}`,
  });
  const gradient = new Float32Array(PARAMETERS).fill(0.001);
  // Before the first one joins: the trunk and everything that grows with a run is counted.
  const { rss } = await coordinator.read();
  const clients = tasks.map((task) =>
    openThinClient({ url: coordinator.url, client: task, task, input: THIN_INPUT, gradient: () => gradient }),
  );
  try {
    await coordinator.until('round', (line) => line['round'] === ROUNDS - 1);
    return peakOf(coordinator.child.process.pid!) - rss;
  } finally {
    for (const client of clients) client.close();
    coordinator.child.process.kill('SIGKILL');
    await coordinator.child.exited;
    rmSync(coordinator.folder, { recursive: true, force: true });
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
