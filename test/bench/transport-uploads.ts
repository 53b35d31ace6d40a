import { measured, type Measured } from './benchmark.ts';
import { interleaved, timed, type Course, type TimedSide } from './interleaved.ts';
import type { TransportSide } from './transport-sides.ts';

/** Messages on their way at once over one line. */
const WINDOW = 2;
const MB = 1_000_000;
const UPLOADS = [
  { id: 'T2', size: MB, count: 30, raw: 0.8, stock: 4 },
  { id: 'T1-10', size: 10 * MB, count: 6, raw: 1, stock: 5 },
  { id: 'T1-40', size: 40 * MB, count: 2, raw: 1.3, stock: 5 },
] as const;

/** Sends `count` messages, `WINDOW` of them under way. */
async function pump(send: (bytes: Uint8Array) => Promise<void>, bytes: Uint8Array, count: number): Promise<void> {
  let left = count;
  const row = async () => {
    while (left-- > 0) await send(bytes);
  };
  await Promise.all(Array.from({ length: WINDOW }, row));
}

/** Vectors of several sizes over one line, two under way at once. */
export async function uploads(
  sides: readonly [TransportSide, TransportSide, TransportSide],
  course: Course,
): Promise<Measured[]> {
  const rows: Measured[] = [];
  const uploading = async (side: TransportSide) => {
    const line = await side.open();
    return (bytes: Uint8Array, count: number): TimedSide => ({
      cpu: side.cpu,
      run: () => timed(() => pump((one) => line.send(one), bytes, count)),
    });
  };
  const [byUs, byRaw, byStock] = [await uploading(sides[0]), await uploading(sides[1]), await uploading(sides[2])];
  for (const { id, size, count, raw: rawGoal, stock: stockGoal } of UPLOADS) {
    const bytes = new Uint8Array(size).fill(7);
    const megabytes = size / MB;
    const [ours, raw, stock] = await interleaved(
      `upload of ${megabytes} MB against raw TCP, stock socket.io`,
      [byUs(bytes, count), byRaw(bytes, count), byStock(bytes, count)],
      course,
    );
    const rate = (ms: number) => (1000 * count * megabytes) / ms;
    const claim = { ours: rate(ours), unit: 'MB/s', better: 'higher' } as const;
    rows.push(
      measured({
        ...claim,
        ...{ id, baseline: rate(raw), goal: rawGoal, what: `upload of ${megabytes} MB against raw TCP` },
      }),
      measured({
        ...claim,
        ...{ id: `T3-${megabytes}`, baseline: rate(stock), goal: stockGoal },
        what: `upload of ${megabytes} MB against stock socket.io`,
      }),
    );
  }
  return rows;
}
