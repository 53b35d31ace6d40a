import { median } from './benchmark.ts';
import { rehearse } from '../simulate/in-process.ts';
import { readJob } from '../simulate/job.ts';

/** The baseline of `bench step`: all clients' steps in turn in this process, on all cores. Prints rounds per second as a JSON line. */
const { file, overrides, threads, warmUp } = JSON.parse(process.argv[2]!) as {
  file: string;
  overrides: string[];
  threads: number;
  warmUp: number;
};
const job = { ...readJob(file, overrides), threads };
const rehearsal = await rehearse(job);
const times: number[] = [];
while (rehearsal.keeper.version < job.config.rounds) {
  const begun = performance.now();
  rehearsal.keeper.advance(await rehearsal.answers(await rehearsal.round()));
  times.push(performance.now() - begun);
}
console.log(JSON.stringify({ roundsPerSecond: 1000 / median(times.slice(warmUp)) }));
