import { measured, median, type Measured } from './benchmark.ts';
import { interleaved, timed, type Course } from './interleaved.ts';
import type { Sender, TransportSide } from './transport-sides.ts';

const MB = 1_000_000;
const TRIPS = 400;
/** 40 MB uploads that go on while round trips are measured, each over a line of its own. */
const BULK_LINES = 2;

/** A control message and its answer, on a line of its own; first on an idle machine, then while other lines upload as fast as they can. */
export async function roundTrips(ours: TransportSide, raw: TransportSide, course: Course): Promise<Measured[]> {
  const p50 = async (line: Sender, bulk: readonly Sender[]) => {
    const bytes = new Uint8Array(40 * MB).fill(7);
    let over = false;
    const uploading = bulk.map(async (one) => {
      while (!over) await one.send(bytes);
    });
    const trips: number[] = [];
    const begun = performance.now();
    while (trips.length < TRIPS && performance.now() - begun < 4_000) trips.push(await timed(() => line.control()));
    over = true;
    await Promise.all(uploading);
    return median(trips);
  };
  const row = async (id: string, what: string, lines: number, goal: number) => {
    const prepared = async (side: TransportSide) => {
      const line = await side.open();
      const bulk: Sender[] = [];
      for (let i = 0; i < lines; i++) bulk.push(await side.open());
      return { run: () => p50(line, bulk) };
    };
    const [mine, theirs] = await interleaved(what, [await prepared(ours), await prepared(raw)], course);
    return measured({ id, what, ours: mine, baseline: theirs, unit: 'ms', goal, better: 'lower' });
  };
  return [
    await row('T6-idle', 'round trip of 1 KB, nothing else under way, against raw TCP', 0, 1.5),
    await row('T6', `round trip of 1 KB while ${BULK_LINES} lines upload 40 MB each, against raw TCP`, BULK_LINES, 3),
  ];
}
