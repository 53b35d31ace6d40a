import type { Outcome, RunEvent } from '@trunkline/coordinator';
import type { ClientOutcome } from '@trunkline/client';
import { toTrunklineError } from '@trunkline/protocol';
import { startClient } from './client.ts';
import { startCoordinator } from './coordinator.ts';
import { createStorage, type Storage } from './disk.ts';
import { emptyHistory, type History } from './history.ts';
import { createNetwork, type Network } from './network.ts';
import type { Planted } from './planted.ts';
import type { Variant } from './variants.ts';
import type { Process, World } from './world.ts';

/** One machine: its disk outlives the processes that run on it, one after the other. */
export interface Machine {
  readonly name: string;
  readonly storage: Storage;
  readonly process: Process;
  /** The processes that ran here ended by themselves, and none is to run again. */
  readonly done: boolean;
}

/** A coordinator and its clients, each on a machine, and whoever starts again what has ended before its time. */
export interface Federation {
  readonly network: Network;
  readonly history: History;
  readonly coordinator: Machine;
  /** In the order of their names. */
  readonly machines: readonly Machine[];
  /** Everyone has ended as they should. */
  readonly over: boolean;
  /** Kills what runs on a machine, and starts it again after a while. */
  kill(machine: Machine, how: Killing): void;
}

interface Killing {
  /** Until it is started again. */
  readonly ms: number;
  readonly powerLost: boolean;
  /** Called when it is. */
  readonly again: () => void;
  /** One that is only just starting; default: the one that runs. */
  readonly process?: Process;
}

/** An operator notices so soon that a coordinator has ended which some client still waits for. */
const NOTICED_MS = 2_000;

/** Failures of a client that its operator answers by starting it again. */
const PASSING = new Set(['CLIENT_DUPLICATE', 'STORAGE_FAILED']);

export function createFederation(world: World, variant: Variant, planted?: Planted): Federation {
  const lies = planted === 'lying-disks';
  const network = createNetwork(world);
  const history = emptyHistory();
  const heard = (event: RunEvent) => {
    world.note(
      `  ${event.event}${'round' in event ? ` ${event.round}` : ''}${'attempt' in event ? `/${event.attempt}` : ''}`,
    );
    history.events.push(event);
  };
  const said = (file: string, problem: string) => world.note(`  ${file}: ${problem}`);
  const sent = (event: string, message: unknown) => {
    if (event === 'trunk') history.trunks.push(message as History['trunks'][number]);
  };

  interface Running extends Machine {
    process: Process;
    done: boolean;
    start: () => void;
  }
  const coordinator: Running = {
    name: 'coordinator',
    storage: createStorage(world, lies),
    done: false,
    process: undefined as never,
    start() {
      coordinator.done = false;
      coordinator.process = startCoordinator(world, variant, {
        network,
        storage: coordinator.storage,
        planted,
        heard,
        sent,
        ended: coordinatorEnded,
      });
    },
  };
  const machines: Running[] = Object.keys(variant.clients).map((client) => {
    const machine: Running = {
      name: client,
      storage: createStorage(world, lies),
      done: false,
      process: undefined as never,
      start() {
        const ended = (outcome: ClientOutcome, digests: Record<string, string>) =>
          clientEnded(machine, outcome, digests);
        try {
          machine.process = startClient(world, variant, {
            client,
            network,
            storage: machine.storage,
            planted,
            history,
            said,
            ended,
          });
        } catch (thrown) {
          ended({ kind: 'failed', error: toTrunklineError(thrown) }, {});
        }
      },
    };
    return machine;
  });
  const missing = () => machines.some(({ done }) => !done);

  const coordinatorEnded = (outcome: Outcome) => {
    if (outcome.kind === 'failed' && outcome.error.code === 'STORAGE_FAILED') return void startAgain(coordinator);
    coordinator.done = true;
    if (outcome.kind === 'finished') history.finished.push(outcome);
    if (outcome.kind === 'failed') return heard({ event: 'error', ...outcome.error.report() });
    // Some client missed the end: the operator starts it again, and it says how the run ended.
    if (missing()) startAgain(coordinator);
  };
  const startAgain = ({ name, start }: Running) => world.after(NOTICED_MS, `${name} is started again`, start);
  const clientEnded = (machine: Running, outcome: ClientOutcome, digests: Record<string, string>) => {
    world.note(`  ${machine.name} ${outcome.kind}`);
    if (outcome.kind === 'finished')
      history.ends.set(machine.name, { digests, scores: outcome.tasks.map(({ task, metrics }) => [task, metrics]) });
    else if (outcome.kind === 'failed' && PASSING.has(outcome.error.code)) return void startAgain(machine);
    else if (outcome.kind === 'failed')
      history.broken.push(`${machine.name} failed: ${outcome.error.code} ${outcome.error.message}`);
    machine.done = true;
  };

  coordinator.start();
  for (const machine of machines) machine.start();
  return {
    network,
    history,
    coordinator,
    machines,
    get over() {
      return coordinator.done && !missing();
    },
    kill(machine, { ms, powerLost, again, process = machine.process }) {
      const { storage } = machine;
      if (!process.alive) return;
      world.note(`  ${machine.name} is killed${powerLost ? ', its power lost' : ''}`);
      process.kill();
      network.died(process);
      // Not at once: it may be in the middle of a write.
      if (powerLost) world.after(0, `${machine.name} has no power`, storage.loseUnsynced);
      const start = () => {
        again();
        (machine as Running).start();
      };
      world.after(ms, `${machine.name} is started again`, start);
    },
  };
}
