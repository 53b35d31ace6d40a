import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { COORDINATOR, openFleet, type Line } from '../../faults/fleet.ts';
import { lastDigests } from '../../faults/kill-run.ts';
import { trainOverSockets } from '../../simulate/sockets.ts';
import { measured, median } from '../benchmark.ts';
import { FLOWER_LIMIT_S } from './flower-at-its-best.ts';
import { hospitalsJob } from './hospitals.ts';
import { peerBenchmark } from './peer-benchmark.ts';
import { crashFigures } from './peer-figures.ts';
import { runPeer } from './run-peer.ts';

const ROUNDS = 6;
/** The round in which a client is killed. */
const KILLED_IN = 3;
/** What a client works a round, and how far into it it is killed: as the other's script has it. */
const [WORK_MS, AT_MS] = [3_000, 2_000];
const VICTIM = 'blood';
const LIMIT_MS = 5 * 60_000;

export const flowerCrashBenchmark = peerBenchmark({
  name: 'flower-crash',
  ids: ['F8'],
  summary:
    'How long a client killed in the middle of a round holds everybody up, and whether its head survives, against Flower’s.',
  async measure(peers, say) {
    const ours = await killedClient();
    say(
      `a client is killed and started again at once: the usual round takes ${ours.usual.toFixed(1)} s, the one of the kill ${(ours.usual + ours.stall).toFixed(1)} s; trunk and heads end ${ours.same ? 'in' : 'NOT in'} the bytes of an undisturbed run`,
    );
    const flower = crashFigures(await runPeer(peers, 'flower_crash.py', [], FLOWER_LIMIT_S));
    say(
      `Flower: the usual round takes ${flower.usual.toFixed(1)} s; killed client code holds it up by ${flower.stalls[0]!.toFixed(1)} s, a killed node by ${flower.stalls[1]!.toFixed(1)} s, and started again it ${flower.kept ? 'has what it kept' : 'has lost what it kept'}`,
    );
    return [
      measured({
        id: 'F8',
        what: 'a killed client, started again at once: what its round takes longer than usual, against the shorter of Flower’s stalls',
        ...{ ours: ours.stall, baseline: Math.min(...flower.stalls), unit: 's', goal: 1, better: 'lower' },
      }),
      measured({
        id: 'F8-head',
        what: `heads lost, of one, by killing a client and starting it again; Flower lost ${flower.kept ? 0 : 1}`,
        ...{ ours: ours.same ? 0 : 1, baseline: 1, unit: 'heads', goal: 0, better: 'lower' },
      }),
    ];
  },
});

/** Mode `local` of the hospitals' job with 3 s of work a round; one client gets SIGKILL and is started again by the same command. */
async function killedClient(): Promise<{ usual: number; stall: number; same: boolean }> {
  const job = hospitalsJob(1, ROUNDS);
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  const fleet = openFleet({ folder: join(folder, 'killed'), job, clientArgs: ['--delay', String(WORK_MS)] });
  const closed =
    (round: number) =>
    ({ from, said }: Line) =>
      from === COORDINATOR && said.event === 'round' && said['round'] === round;
  const limit = setTimeout(() => void fleet.close(), LIMIT_MS);
  try {
    for (const member of [COORDINATOR, ...job.clients.map(({ config }) => config.client)]) await fleet.start(member);
    await fleet.until(closed(KILLED_IN - 1));
    await pause(AT_MS);
    await fleet.signal(VICTIM, 'SIGKILL');
    await fleet.start(VICTIM);
    const end = await fleet.until(({ from, said }) => from === COORDINATOR && said.event === 'finished');
    await Promise.all(
      [COORDINATOR, ...job.clients.map(({ config }) => config.client)].map((member) => fleet.ended(member)),
    );
    // A round that was repeated closed for good the last time.
    const times = Array.from({ length: ROUNDS }, (_, round) => fleet.lines.findLast(closed(round))!.at / 1000);
    const lasted = times.slice(1).map((at, i) => at - times[i]!);
    const usual = median(lasted.filter((_, i) => i !== KILLED_IN - 1));
    const undisturbed = await trainOverSockets(job, { folder: join(folder, 'undisturbed'), heard: () => undefined });
    const heads = lastDigests(fleet.lines);
    const same =
      end.said['sha256'] === undisturbed.trunk.sha256 &&
      Object.entries(undisturbed.digests).every(([name, digest]) => heads[name] === digest);
    return { usual, stall: lasted[KILLED_IN - 1]! - usual, same };
  } finally {
    clearTimeout(limit);
    await fleet.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
