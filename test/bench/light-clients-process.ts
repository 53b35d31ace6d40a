import { openThinClient } from '../wire/thin-client.ts';
import { THIN_INPUT } from '../wire/measured-coordinator.ts';

/**
 * Many clients in one process, each with a socket of its own, that answer every round with the same gradient. Says on stdout how many have joined,
 * and how many came to the end.
 */
export interface LightClients {
  readonly url: string;
  readonly task: string;
  /** Ids are numbered from here. */
  readonly from: number;
  readonly count: number;
  readonly parameters: number;
}

/** Knocks under way at once: a server's queue of connections that nobody has taken yet is short. */
const AT_ONCE = 16;

const { url, task, from, count, parameters } = JSON.parse(process.argv[2]!) as LightClients;
const say = (line: Record<string, unknown>) => void process.stdout.write(`${JSON.stringify(line)}\n`);
const gradient = new Float32Array(parameters).fill(0.001);

const clients: ReturnType<typeof openThinClient>[] = [];
let next = from;
/** One after the other in each of the rows that stand at the door. */
const come = async () => {
  while (next < from + count) {
    const client = `light-${String(next++).padStart(6, '0')}`;
    const opened = openThinClient({ url, client, task, input: THIN_INPUT, gradient: () => gradient, replica: true });
    clients.push(opened);
    await opened.joined;
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, come));
say({ event: 'joined', count: clients.length });
const ends = await Promise.allSettled(clients.map(({ done }) => done));
const failed = ends.flatMap((end) => (end.status === 'rejected' ? [String((end.reason as Error).message)] : []));
say({ event: 'ended', finished: ends.length - failed.length, failed: [...new Set(failed)].slice(0, 3) });
for (const client of clients) client.close();
