import { median } from './benchmark.ts';
import { rehearse } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';

/** The baseline of `bench step`: all clients' steps in turn in this process, on all cores. Prints rounds per second, and CPU a round, as a JSON line. */
const { file, overrides, threads, warmUp } = JSON.parse(process.argv[2]!) as {
  file: string;
  overrides: string[];
  threads: number;
  warmUp: number;
};
const job = { ...readJob(file, overrides), threads };
const rehearsal = await rehearse(job);
const times: number[] = [];
let warm = process.cpuUsage();
while (rehearsal.keeper.version < job.config.rounds) {
  if (times.length === warmUp) warm = process.cpuUsage();
  const begun = performance.now();
  rehearsal.keeper.advance(await rehearsal.answers(await rehearsal.round()));
  times.push(performance.now() - begun);
}
const { user, system } = process.cpuUsage(warm);
const measured = times.slice(warmUp);
console.log(JSON.stringify({ rate: 1000 / median(measured), cpuMs: (user + system) / 1000 / measured.length }));
