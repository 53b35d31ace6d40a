import {
  createCore,
  openRecord,
  openRun,
  writeResult,
  type CoreDeps,
  type Outcome,
  type RunEvent,
} from '@trunkline/coordinator';
import { toTrunklineError } from '@trunkline/protocol';
import type { Storage } from './disk.ts';
import { openGate } from './gate.ts';
import type { Network } from './network.ts';
import type { Planted } from './planted.ts';
import type { Variant } from './variants.ts';
import type { Process, World } from './world.ts';

const FOLDER = 'runs/one';

interface CoordinatorDeps {
  readonly network: Network;
  readonly storage: Storage;
  readonly planted: Planted | undefined;
  readonly heard: (event: RunEvent) => void;
  readonly sent: (event: string, message: unknown) => void;
  /** The process ended by itself. */
  readonly ended: (outcome: Outcome) => void;
}

/** A coordinator process over what lies on its disk: what `startCoordinator` puts together, with a simulated door. */
export function startCoordinator(world: World, { plan }: Variant, deps: CoordinatorDeps): Process {
  const { network, storage } = deps;
  const process = world.begin('coordinator');
  const disk = storage.of(process);
  const heard = (event: RunEvent) => process.alive && deps.heard(event);
  const end = (outcome: Outcome) => {
    if (!process.alive) return;
    network.died(process);
    process.kill();
    deps.ended(outcome);
  };
  try {
    const birth = () => String(world.random.uint32());
    const opened = openRun(plan.config, { disk, folder: FOLDER, resume: true, durable: true, birth });
    const { ledger, checkpoints, from, damaged } = opened;
    const written = openRecord(opened, { disk, folder: FOLDER, failed: (error) => core.fail(error) });
    const record = deps.planted === 'journal-not-awaited' ? hasty(written) : written;
    for (const damage of damaged) heard({ event: 'damaged', ...damage });
    ledger.listened(4100);
    const core = createCore(plan, {
      clock: process.clock,
      emit: heard,
      checkpoints,
      ledger: deps.planted === 'attempts-again' ? { ...ledger, attempt: 0 } : ledger,
      from,
      record,
      keepResult: (result) => writeResult(disk, FOLDER, result),
      traffic: () => ({ up: 0, down: 0 }),
      manifest: () => undefined,
    });
    openGate(network, {
      process,
      core,
      sent: deps.sent,
      refused: (client, message, error) => core.emit({ event: 'refused', client, message, error: error.report() }),
    });
    void core.done.then((outcome) => world.after(0, 'coordinator ends', () => end(outcome), process));
    core.begin();
    return process;
  } catch (thrown) {
    world.after(0, 'coordinator cannot start', () => end({ kind: 'failed', error: toTrunklineError(thrown) }), process);
    return process;
  }
}

type Kept = NonNullable<CoreDeps['record']>;

/** A journal that promises the disk at once. */
function hasty(record: Kept | null): Kept | null {
  if (!record) return null;
  const journal = Object.create(record.journal, { durable: { value: async () => undefined } }) as Kept['journal'];
  return { ...record, journal };
}
