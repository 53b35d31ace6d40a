import { measured, type Measured } from './benchmark.ts';
import { interleaved, timed, type Course } from './interleaved.ts';
import type { Sender, TransportSide } from './transport-sides.ts';

const CROWDS = [
  { clients: 100, each: 40 },
  { clients: 1_000, each: 4 },
] as const;
const BYTES = 100_000;
/** Lines that are opened at once: a server's queue of connections that nobody has taken yet is short. */
const AT_ONCE = 16;

/** Many clients, each with one message under way. */
export async function crowds(ours: TransportSide, raw: TransportSide, course: Course): Promise<Measured[]> {
  const bytes = new Uint8Array(BYTES).fill(7);
  const rows: Measured[] = [];
  const members: Record<string, Sender[]> = { ours: [], raw: [] };
  for (const { clients, each } of CROWDS) {
    const messages = clients * each;
    const side = async (one: TransportSide) => {
      const lines = members[one.name]!;
      const come = async () => {
        while (lines.length < clients) {
          const batch = Array.from({ length: Math.min(AT_ONCE, clients - lines.length) }, () => one.open());
          lines.push(...(await Promise.all(batch)));
        }
      };
      await come();
      const talk = async (line: Sender) => {
        for (let i = 0; i < each; i++) await line.message(bytes);
      };
      return { cpu: one.cpu, run: () => timed(() => Promise.all(lines.map(talk))) };
    };
    const what = `${clients} clients × ${BYTES / 1_000} KB, each message acknowledged, against raw TCP`;
    const [mine, theirs] = await interleaved(what, [await side(ours), await side(raw)], course);
    const rate = (ms: number) => (1000 * messages) / ms;
    rows.push(
      measured({
        ...{ id: `T5-${clients}`, what, ours: rate(mine), baseline: rate(theirs) },
        ...{ unit: 'messages/s', goal: 0.85, better: 'higher' },
      }),
    );
  }
  return rows;
}
