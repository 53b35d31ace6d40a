import { measured, type Measured } from './benchmark.ts';
import { interleaved, timed, type Course } from './interleaved.ts';
import type { TransportSide } from './transport-sides.ts';

const MB = 1_000_000;
const BROADCAST = { values: 10 * MB, lines: 8 };

/** One vector to many lines at once, as a round begins. */
export async function broadcasts(ours: TransportSide, raw: TransportSide, course: Course): Promise<Measured[]> {
  const { values, lines } = BROADCAST;
  let buffers = 0;
  const once = (side: TransportSide) => ({
    cpu: side.cpu,
    run: () =>
      timed(async () => {
        const sent = await side.server.ask<{ buffers: number }>('broadcast', BROADCAST);
        if (side.name === 'ours') buffers = Math.max(buffers, sent.buffers);
      }),
  });
  for (const side of [ours, raw]) while (side.lines < lines) await side.open();
  const [mine, theirs] = await interleaved(`broadcast to ${lines}`, [once(ours), once(raw)], course);
  const megabytes = (values * 4) / MB;
  const rate = (ms: number) => (1000 * lines * megabytes) / ms;
  return [
    measured({
      id: 'T7',
      what: `broadcast of ${megabytes} MB to ${lines} clients against as many raw TCP writes of one buffer`,
      ...{ ours: rate(mine), baseline: rate(theirs), unit: 'MB/s', goal: 0.9, better: 'higher' },
    }),
    measured({
      id: 'T7-encoded',
      what: 'how often that broadcast was encoded or copied: buffers that its chunks lie in',
      ...{ ours: buffers, baseline: 1, unit: 'times', goal: 1, better: 'lower' },
    }),
  ];
}
