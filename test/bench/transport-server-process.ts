import { answerBench, cpuMs } from './forked.ts';
import { ourServer, rawServer, stockServer, type TransportServer } from './transport-servers.ts';

/** One receiving side of the transport benchmarks, in a process of its own. */
const sides: Record<string, () => Promise<TransportServer>> = { raw: rawServer, stock: stockServer, ours: ourServer };
const server = await sides[process.argv[2]!]!();

answerBench({
  port: () => server.port,
  cpu: cpuMs,
  broadcast: (ask: { values: number; lines: number }) => server.broadcast!(ask),
});
